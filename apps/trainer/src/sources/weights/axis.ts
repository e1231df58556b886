import type { Row } from './logHistory.ts'

/** What is known of how a log counts. */
export interface Axis {
  /** Whether a step of the log is an epoch. */
  isEpochs: boolean
  /** How many more steps there are than the log counts: 1 where it counts from 0. */
  shift: 0 | 1
}

/** A value of weights; `digits` where a name gives it, which may be cut or rounded. */
export interface WeightsValue {
  value: number
  digits: number | null
}

/** A number that some weights carry, and what else is known of them. */
export interface Numbered {
  number: number
  values: readonly WeightsValue[]
}

/** How far numbers are from what is completed by then: 1 where they count from 0, -1 where only the log does. */
export interface Base {
  add: -1 | 0 | 1
  /** null where only the usual way of such programs tells. */
  by: string | null
}

/**
 * What numbers count from. First what the values of the weights tell, then which rows there are (a
 * number beyond the last row, or of a step without a row), else the usual way.
 */
export function findBase(
  numbers: readonly Numbered[],
  rowsOf: (number: number) => readonly Row[],
  usual: 0 | 1,
): Base {
  const [as, more] = [agreement(numbers, rowsOf, 0), agreement(numbers, rowsOf, 1)]
  const less = agreement(numbers, rowsOf, -1)
  const isLess = (key: 'agrees' | 'isThere'): boolean => less[key] > Math.max(as[key], more[key])
  if (isLess('agrees')) return { add: -1, by: 'the values of the weights' }
  if (as.agrees + more.agrees === 0 && isLess('isThere')) {
    return { add: -1, by: 'the rows that there are' }
  }
  if (as.agrees !== more.agrees) {
    return { add: as.agrees > more.agrees ? 0 : 1, by: 'the values of the weights' }
  }
  if (as.isThere !== more.isThere) {
    return { add: as.isThere > more.isThere ? 0 : 1, by: 'the rows that there are' }
  }
  return { add: usual, by: null }
}

function agreement(
  numbers: readonly Numbered[],
  rowsOf: (number: number) => readonly Row[],
  add: -1 | 0 | 1,
): { agrees: number; isThere: number } {
  let [agrees, isThere] = [0, 0]
  for (const { number, values } of numbers) {
    const rows = rowsOf(number + add)
    if (rows.length === 0) continue
    isThere++
    for (const value of values) agrees += rows.some((row) => rowHolds(row, value)) ? 1 : 0
  }
  return { agrees, isThere }
}

/** Whether a row measured a value, as far as its decimals, or those of the log, tell. */
export function rowHolds({ values }: Row, { value, digits }: WeightsValue): boolean {
  return Object.values(values).some((one) => {
    if (typeof one !== 'number') return false
    const slack = digits === null ? roundingOf(one, value) : 10 ** -digits
    return Math.abs(one - value) <= slack
  })
}

/** A log may print fewer decimals than a file holds. */
function roundingOf(printed: number, value: number): number {
  const decimals = /\.(\d+)$/.exec(String(printed))?.[1]?.length ?? 0
  const isRounded = decimals >= 2 && decimals <= 6
  return isRounded ? 0.5001 * 10 ** -decimals : 1e-6 * Math.max(1, Math.abs(value))
}
