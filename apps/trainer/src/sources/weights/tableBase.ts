import { ownValue } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'
import type { Values } from '../events/newEvents.ts'
import { rowHolds } from './axis.ts'
import { listWeights } from './finder.ts'

/** A number in the name of weights, and a value beside it. */
export interface NumberedValue {
  number: number
  value: number
  digits: number
}

/** What helps to tell from what a table counts. */
export interface BaseHints {
  named?: readonly NumberedValue[]
  /** Keras counts from 0, also where its table begins later. */
  isKeras?: boolean
}

/** As many as settle it. */
const MOST = 100

/** Numbers and values in the names of weights below a root. */
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

/**
 * From what a table counts, by its first row: 0 tells itself; a later one is told by the names of
 * weights that carry the row's value, else by the program.
 */
export function findTableBase(
  first: number,
  values: Values,
  { named = [], isKeras }: BaseHints,
): 0 | 1 {
  if (first === 0) return 0
  const row = { attempt: 0, step: 0, epoch: null, at: null, values }
  for (const one of named) {
    if (!rowHolds(row, one)) continue
    if (one.number === first + 1) return 0
    if (one.number === first) return 1
  }
  return isKeras && first > 1 && ownValue(values, 'eval_loss') !== undefined ? 0 : 1
}
