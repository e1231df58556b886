import type { Listing } from '../../files/listing.ts'
import type { Values } from '../events/newEvents.ts'
import { rowHolds } from './axis.ts'
import { listWeights } from './finder.ts'

/** A number in the name of weights, and the metric value in the same name. */
export interface NumberedValue {
  number: number
  value: number
  digits: number
}

/** Evidence for whether a table counts from 0 or 1. */
export interface BaseHints {
  named?: readonly NumberedValue[]
  /** Whether the program of the weights counts from 0, even if its table begins later. */
  isFromZero?: boolean
}

/** More names add nothing. */
const MOST = 100

/** Numbers and metric values in the names of weights below a root. */
export async function numberedValues(listing: Listing): Promise<NumberedValue[]> {
  const found = await listWeights(listing)
  return found
    .flatMap(({ hints: { epoch, number, values } }) => {
      const count = epoch ?? number
      return count === null
        ? []
        : values.map(({ value, digits }) => ({ number: count, value, digits }))
    })
    .slice(0, MOST)
}

/** Weights of Keras and of timm. Both log epochs from 0. */
const FROM_ZERO = /\.(keras|h5)$|(^|\/)(checkpoint-\d+|last)\.pth\.tar$/

/** Whether the program of the weights below a root counts its epochs from 0. */
export async function countsFromZero(listing: Listing): Promise<boolean> {
  return (await listWeights(listing)).some(({ path }) => FROM_ZERO.test(path))
}

/**
 * Whether a table counts from 0 or 1. A first row 0 shows it. Otherwise a name of weights with the
 * row's value shows it, else the program's usual way.
 */
export function findTableBase(
  first: number,
  values: Values,
  { named = [], isFromZero }: BaseHints,
): 0 | 1 {
  if (first === 0) return 0
  const row = { attempt: 0, step: 0, epoch: null, at: null, values }
  for (const one of named) {
    if (!rowHolds(row, one)) continue
    if (one.number === first + 1) return 0
    if (one.number === first) return 1
  }
  return isFromZero && first > 1 ? 0 : 1
}
