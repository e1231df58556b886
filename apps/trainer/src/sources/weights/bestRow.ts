import { directionOf, isFiniteMeasure, ownValue } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { LogHistory, Row } from './logHistory.ts'

/** The best row of the last attempt by a metric. */
export interface BestRow {
  step: number
  metric: string
}

/**
 * The row that a file which keeps the best is of: by the declared metric, else the one on which all
 * measured metrics agree, of those that fit what else is known of the file. Undefined where they
 * differ, where a better row is of an earlier attempt (whether its record went on, nothing tells), or
 * where a value is no number.
 */
export function findBestRow(
  { rows }: LogHistory,
  declared: string | null,
  fits: (step: number) => boolean = () => true,
): BestRow | undefined {
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)))
  const wanted = declared === null ? [...names] : [heldOutName(declared)]
  const found = wanted.flatMap((metric) => {
    if (!names.has(metric)) return declared === null ? [] : [undefined]
    const direction = directionOf(metric)
    const best = direction && bestBy(rows, metric, direction)
    return direction === undefined || (best && !fits(best.step)) ? [] : [best]
  })
  const steps = new Set(found.map((one) => one?.step))
  return steps.size === 1 ? found[0] : undefined
}

function bestBy(
  rows: readonly Row[],
  metric: string,
  direction: 'min' | 'max',
): BestRow | undefined {
  let best: { row: Row; value: number } | undefined
  for (const row of rows) {
    const value = ownValue(row.values, metric)
    if (value === undefined) continue
    if (!isFiniteMeasure(value)) return undefined
    if (!best || (direction === 'min' ? value < best.value : value > best.value))
      best = { row, value }
  }
  const isOfLast = best?.row.attempt === rows.at(-1)?.attempt
  return best && isOfLast ? { step: best.row.step, metric } : undefined
}
