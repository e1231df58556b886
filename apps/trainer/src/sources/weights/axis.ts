import { ownValue } from '@bestmark/core'
import type { Row } from './logHistory.ts'

/** How a log counts. */
export interface Axis {
  /** Whether the log's steps are epochs. */
  isEpochs: boolean
  /** The number to add to get completed steps: 1 if the log counts from 0. */
  shift: 0 | 1
}

/** A metric value of weights. `digits` is set if it is from a name, where it may be rounded. */
export interface WeightsValue {
  value: number
  digits: number | null
  /** The logged metric that it is; undefined if it may be any. */
  name?: string
}

/** A number in some weights, and their metric values. */
export interface Numbered {
  number: number
  values: readonly WeightsValue[]
}

/** The number to add to get the log's step: 1 if the weights count from 0, -1 if only the log does. */
export interface Base {
  add: -1 | 0 | 1
  /** The evidence; null if only the usual way of such programs. */
  by: string | null
}

/**
 * Whether the numbers in weights count from 0 or 1. Compares the values of the weights with the log,
 * then checks which numbers have a log row, else uses the usual way of the program.
 */
export function findBase(
  numbers: readonly Numbered[],
  rowsOf: (number: number) => readonly Row[],
  usual: 0 | 1,
): Base {
  const [same, more] = [agreement(numbers, rowsOf, 0), agreement(numbers, rowsOf, 1)]
  const less = agreement(numbers, rowsOf, -1)
  const isLess = (key: 'agrees' | 'rows'): boolean => less[key] > Math.max(same[key], more[key])
  if (isLess('agrees')) return { add: -1, by: 'the values of the weights' }
  if (same.agrees + more.agrees === 0 && isLess('rows')) {
    return { add: -1, by: 'the rows of the log' }
  }
  if (same.agrees !== more.agrees) {
    return { add: same.agrees > more.agrees ? 0 : 1, by: 'the values of the weights' }
  }
  if (same.rows !== more.rows) {
    return { add: same.rows > more.rows ? 0 : 1, by: 'the rows of the log' }
  }
  return { add: usual, by: null }
}

function agreement(
  numbers: readonly Numbered[],
  rowsOf: (number: number) => readonly Row[],
  add: -1 | 0 | 1,
): { agrees: number; rows: number } {
  let [agrees, found] = [0, 0]
  for (const { number, values } of numbers) {
    const rows = rowsOf(number + add)
    if (rows.length === 0) continue
    found++
    for (const value of values) agrees += rows.some((row) => rowHolds(row, value)) ? 1 : 0
  }
  return { agrees, rows: found }
}

/** Whether a row has a value, compared at the fewer decimals of the two. */
export function rowHolds({ values }: Row, { value, digits, name }: WeightsValue): boolean {
  const logged = name === undefined ? Object.values(values) : [ownValue(values, name)]
  return logged.some((one) => {
    if (typeof one !== 'number') return false
    const slack = digits === null ? roundingOf(one, value) : 10 ** -digits
    return Math.abs(one - value) <= slack
  })
}

/** A log may print fewer decimals than a file has. */
function roundingOf(printed: number, value: number): number {
  const decimals = /\.(\d+)$/.exec(String(printed))?.[1]?.length ?? 0
  const isRounded = decimals >= 2 && decimals <= 6
  return isRounded ? 0.5001 * 10 ** -decimals : 1e-6 * Math.max(1, Math.abs(value))
}
