import { type Measured, type TrainingEvent } from '@bestmark/core'

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
export interface History {
  rows: Row[]
  /** The last step that each attempt trained or measured. */
  last: number[]
  /** Steps at which the log names a checkpoint, by its name. */
  saves?: Record<string, number>
  /** The measure of which the log records the best so far. */
  best_of?: string | null
}

/** Rows and values that are kept; of longer logs the newest rows. */
const MOST_ROWS = 1_000
const MOST_VALUES = 8

export function noHistory(): History {
  return { rows: [], last: [] }
}

/** Adds what events measured. */
export function remember(history: History, events: readonly TrainingEvent[]): void {
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
