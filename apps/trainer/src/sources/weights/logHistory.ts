import { join } from 'node:path'
import { type Measured, type TrainingEvent } from '@bestmark/core'
import { statIfSeen } from '../../files/runFile.ts'

/** One evaluation, as far as weights are joined to it; plain data, since it is kept with the cursor. */
export interface Row {
  attempt: number
  step: number
  epoch: number | null
  /** When it was written (ms), where the log tells. */
  at: number | null
  values: Record<string, Measured>
}

/** What a log tells so far, for weights to be joined to. */
export interface LogHistory {
  rows: Row[]
  /** The last step that each attempt trained or measured. */
  last: number[]
  /** Steps at which the log names a checkpoint, by its name. */
  saves?: Record<string, number>
  /** The measure of which the log records the best so far. */
  best_of?: string | null
  /** When the last rows were read (ms), where they were written just before that. */
  read_at?: number | undefined
  /** When the log was begun and last written (ms), by the times of its files. */
  written?: { from: number; to: number } | undefined
}

/** Rows and values that are kept; of longer logs the newest rows. */
const MOST_ROWS = 1_000
const MOST_VALUES = 8

export function emptyHistory(): LogHistory {
  return { rows: [], last: [] }
}

/** Adds what events measured; they were read at `now` where they were written just before that. */
export function addToHistory(
  history: LogHistory,
  events: readonly TrainingEvent[],
  now?: number,
): void {
  if (events.some(({ type }) => type === 'evaluation' || type === 'metrics')) history.read_at = now
  for (const event of events) {
    if (event.type !== 'evaluation' && event.type !== 'metrics') continue
    const { attempt, step, epoch, at } = event
    history.last[attempt] = Math.max(history.last[attempt] ?? 0, step)
    if (event.type === 'metrics' || event.scored_by !== null) continue
    const before = history.rows.at(-1)
    const values = Object.fromEntries(Object.entries(event.values).slice(0, MOST_VALUES))
    if (before?.attempt === attempt && before.step === step) {
      before.values = Object.fromEntries(
        Object.entries({ ...values, ...before.values }).slice(0, MOST_VALUES),
      )
      before.epoch ??= epoch
    } else history.rows.push({ attempt, step, epoch, at, values })
  }
  if (history.rows.length > MOST_ROWS) history.rows.splice(0, history.rows.length - MOST_ROWS)
}

/** When files were made and last changed, as far as they are there. */
export function readWriteTimes(root: string, files: readonly string[]): LogHistory['written'] {
  const seen = files.flatMap((file) => statIfSeen(join(root, file)) ?? [])
  if (seen.length === 0) return undefined
  const from = Math.min(...seen.map(({ birthtimeMs }) => birthtimeMs))
  return { from, to: Math.max(...seen.map(({ mtimeMs }) => mtimeMs)) }
}
