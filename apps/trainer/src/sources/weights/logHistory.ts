import { join } from 'node:path'
import { type Measured, type TrainingEvent } from '@bestmark/core'
import { statIfSeen } from '../../files/runFile.ts'

/** One evaluation in the log, for joining weights to it. Plain data, because it is stored in the cursor. */
export interface Row {
  attempt: number
  step: number
  epoch: number | null
  /** When it was written (ms); null if the log has no times. */
  at: number | null
  values: Record<string, Measured>
}

/** The parts of a log that are needed to join weights to it. */
export interface LogHistory {
  rows: Row[]
  /** The last step of each attempt. */
  last: number[]
  /** The first step of each attempt, if it was read. */
  first?: number[]
  /** Steps of checkpoints that the log names, by file name. */
  saves?: Record<string, number>
  /** The metric whose best value the log records. */
  best_of?: string | null
  /** The best step, if the log says which one it is. */
  best_step?: number | null
  /** The file name under which the program keeps its best weights, if it is not called `best`. */
  best_file?: string
  /** The log counts epochs from 0, and the rows have completed epochs. */
  epochs_from_zero?: boolean
  /** When the last rows were read (ms), if they were written just before. */
  read_at?: number | undefined
  /** When the log was created and last written (ms), by the times of its files. */
  written?: { from: number; to: number } | undefined
}

/** Limits for rows and values. The newest rows are kept. */
const MOST_ROWS = 1_000
const MOST_VALUES = 8

export function emptyHistory(): LogHistory {
  return { rows: [], last: [] }
}

/** Adds the measurements in events. `now` is set if they were written just before they were read. */
export function addToHistory(
  history: LogHistory,
  events: readonly TrainingEvent[],
  now?: number,
): void {
  if (events.some(({ type }) => type === 'evaluation' || type === 'metrics')) history.read_at = now
  for (const event of events) {
    if (event.type !== 'evaluation' && event.type !== 'metrics') continue
    const { attempt, step, epoch, at } = event
    history.first ??= []
    history.first[attempt] = Math.min(history.first[attempt] ?? Infinity, step)
    history.last[attempt] = Math.max(history.last[attempt] ?? 0, step)
    if (event.type === 'metrics' || event.scored_by !== null) continue
    const before = history.rows.at(-1)
    const values = Object.fromEntries(Object.entries(event.values).slice(0, MOST_VALUES))
    if (before?.attempt === attempt && before.step === step) {
      // The first values of a step are kept, so new names come last.
      const all = { ...before.values, ...values, ...before.values }
      before.values = Object.fromEntries(Object.entries(all).slice(0, MOST_VALUES))
      before.epoch ??= epoch
    } else history.rows.push({ attempt, step, epoch, at, values })
  }
  if (history.rows.length > MOST_ROWS) history.rows.splice(0, history.rows.length - MOST_ROWS)
}

/** The first creation and the last change of some files (ms). */
export function readWriteTimes(root: string, files: readonly string[]): LogHistory['written'] {
  const seen = files.flatMap((file) => statIfSeen(join(root, file)) ?? [])
  if (seen.length === 0) return undefined
  const from = Math.min(...seen.map(({ birthtimeMs }) => birthtimeMs))
  return { from, to: Math.max(...seen.map(({ mtimeMs }) => mtimeMs)) }
}
