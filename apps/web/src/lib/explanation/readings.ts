import {
  type Explanation,
  figure,
  type Origin,
  type Reading,
  signed,
  type TrainingJobStatus,
} from '@bestmark/core'
import type { Turn } from '../charts/chart.ts'
import { delta, measure } from '../figures.ts'
import { statusLines } from '../status/fields.ts'

/** One reading, ready to show. */
export interface ReadingLine {
  name: string
  label: string
  text: string
  remark: string | null
  origin: Origin | null
}

/** The readings of the run so far; all others are of the chosen checkpoint. */
const OF_THE_RUN = [
  'loss_trend',
  'overfitting_onset',
  'evaluations_without_improvement',
  'epochs_without_improvement',
]

/**
 * The readings of the chosen checkpoint, and the latest ones of the run. A reading of the
 * explanation replaces the status field of its name, because it has a remark and an origin.
 */
export function readingGroups(
  status: TrainingJobStatus,
  { readings }: Pick<Explanation, 'readings'>,
): { chosen: ReadingLine[]; latest: ReadingLine[] } {
  const ofRun = readings.filter(({ name }) => OF_THE_RUN.includes(name))
  const explained = new Set(ofRun.map(({ name }) => name))
  const ofStatus = statusLines(status, 'reading').filter(({ name }) => !explained.has(name))
  return {
    chosen: readings.filter(({ name }) => !OF_THE_RUN.includes(name)).map(asInTables),
    latest: [...ofStatus.map((line) => ({ ...line, remark: null, origin: null })), ...ofRun],
  }
}

/** A reading with the digits of the page's tables; a terminal shows one more. */
function asInTables(reading: Reading): Reading {
  const { value, text } = reading
  if (typeof value !== 'number' || Number.isInteger(value)) return reading
  if (text === figure(value)) return { ...reading, text: measure(value) }
  return text === signed(value) ? { ...reading, text: delta(value) } : reading
}

/** The readings that one line of the page shows; all others open below it. */
const GLANCE = [
  'eval_loss',
  'train_loss',
  'loss_gap',
  'perplexity',
  'loss_trend',
  'overfitting_onset',
  'evaluations_without_improvement',
]

/** The few readings to see at a glance: those of the choice, then those of the run so far. */
export function glanceOf({ chosen, latest }: ReturnType<typeof readingGroups>): ReadingLine[] {
  const ofRun = latest.filter(({ name }) => OF_THE_RUN.includes(name))
  return [...chosen, ...ofRun].filter(({ name }) => GLANCE.includes(name))
}

/** Where eval_loss starts to rise, and the label of that mark. */
export function turnOf({ loss_turn }: Pick<Explanation, 'loss_turn'>): Turn | null {
  if (!loss_turn) return null
  return { step: loss_turn.step, word: loss_turn.later ? 'eval loss rises' : 'overfitting' }
}
