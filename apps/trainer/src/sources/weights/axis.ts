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
export type Base = -1 | 0 | 1

/** All ways to count. */
export const BASES = [0, 1, -1] as const

/**
 * How the numbers in weights count; null if it cannot be settled. Compares the values of all weights
 * with all rows, then how many numbers have a row. If several ways fit equally well, the documented way
 * of the program decides, then whether the log and the numbers begin at 0 or 1.
 */
export function findBase(
  numbers: readonly Numbered[],
  rows: readonly Row[],
  { shift }: Axis,
  documented: Base | null,
): Base | null {
  const rowsOf = Map.groupBy(rows, ({ step }) => step)
  const found = BASES.map((add) => ({ add, ...agreement(numbers, rowsOf, add) }))
  const byValues = onlyMost(found, ({ agrees }) => agrees)
  if (byValues) return byValues.add
  // Only a log that counts from 0 is behind its weights.
  const likely = rowsOf.has(0) ? found : found.filter(({ add }) => add >= 0)
  const byRows = onlyMost(found, ({ rows }) => rows) ?? onlyMost(likely, ({ rows }) => rows)
  if (byRows) return byRows.add
  if (documented !== null) return documented
  const isLoggedFromZero = shift === 1 || rowsOf.has(0)
  const isAny = found.some(({ rows }) => rows > 0)
  const isNamedFromZero = numbers.some(({ number }) => number === 0)
  return !isAny || isNamedFromZero || !isLoggedFromZero ? shift : null
}

/** The item with the highest count; undefined if it is not the only one, or if all counts are 0. */
function onlyMost<Item>(items: readonly Item[], countOf: (item: Item) => number): Item | undefined {
  const most = Math.max(...items.map(countOf))
  const [first, ...others] = items.filter((item) => countOf(item) === most)
  return most > 0 && others.length === 0 ? first : undefined
}

function agreement(
  numbers: readonly Numbered[],
  rowsOf: ReadonlyMap<number, readonly Row[]>,
  add: Base,
): { agrees: number; rows: number } {
  let agrees = 0
  const found = new Set<number>()
  for (const { number, values } of numbers) {
    const rows = rowsOf.get(number + add)
    if (!rows) continue
    found.add(number)
    for (const value of values) agrees += rows.some((row) => rowHolds(row, value)) ? 1 : 0
  }
  return { agrees, rows: found.size }
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
