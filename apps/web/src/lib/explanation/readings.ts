import {
  type Explanation,
  type Origin,
  ownValue,
  type Reading,
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

/** Readings that are not shown as a value: a difference, and an error, which has digits of its own. */
const WORDS: Readonly<Record<string, ((value: number) => string) | null>> = {
  loss_gap: delta,
  standard_error: null,
}

/** A reading with the digits of the page's tables; a terminal shows one more. */
function asInTables(reading: Reading): Reading {
  const { name, value } = reading
  const words = ownValue(WORDS, name)
  if (typeof value !== 'number' || Number.isInteger(value) || words === null) return reading
  return { ...reading, text: (words ?? measure)(value) }
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
