import { asLogged, directionOf, isFiniteMeasure, ownValue } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { LogHistory, Row } from './logHistory.ts'

/** The best log row of the last attempt by one metric. */
export interface BestRow {
  step: number
  metric: string
}

/**
 * The log row of a file that keeps the best weights: the best row by the declared metric, else the row
 * that all metrics agree on. `fits` excludes rows by what else is known of the file. Undefined if the
 * metrics differ, if a value is not a number, or if an earlier attempt has a better row: the program
 * may or may not compare with it.
 */
export function findBestRow(
  { rows }: LogHistory,
  declared: string | null,
  fits: (step: number) => boolean = () => true,
): BestRow | undefined {
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)))
  const wanted = declared === null ? [...names] : [asLogged(heldOutName(declared), [...names])]
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
