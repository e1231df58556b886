import type { Direction } from '../run/event.ts'

/**
 * The values of some rows, in the order in which the first of equal values wins; NaN for a row that
 * cannot win. Each block may use the memory of the one before.
 */
export interface Block {
  /** The row of the first value. */
  from: number
  values: Float64Array
}

/** Few enough values to stay in the processor's cache. */
const AT_ONCE = 1024

/** Reads values in blocks: a loop over numbers is several times faster than one call per number. */
export function* blocksOf(
  length: number,
  read: (into: Float64Array, from: number) => void,
): Generator<Block> {
  const memory = new Float64Array(Math.min(AT_ONCE, length))
  for (let from = 0; from < length; from += AT_ONCE) {
    const values = memory.subarray(0, length - from)
    read(values, from)
    yield { from, values }
  }
}

/** The rows of the best value and of the next one, -1 if there is none, and how many can win. */
export interface Leaders {
  best: number
  next: number
  count: number
}

/** The first two rows by value, strictly in a direction; the first of equal values wins. O(rows). */
export function leadersOf(blocks: Iterable<Block>, direction: Direction): Leaders {
  const sign = direction === 'min' ? 1 : -1
  let [best, next, count] = [-1, -1, 0]
  let [lowest, second] = [Infinity, Infinity]
  for (const { from, values } of blocks) {
    for (let at = 0; at < values.length; at++) {
      const value = sign * (values[at] ?? NaN)
      if (Number.isNaN(value)) continue
      count++
      if (!(value < second)) continue
      if (value < lowest) {
        ;[next, second] = [best, lowest]
        ;[best, lowest] = [from + at, value]
      } else {
        ;[next, second] = [from + at, value]
      }
    }
  }
  return { best, next, count }
}

/** All rows that can win, best first. O(rows × log rows). */
export function orderOf(
  blocks: Iterable<Block>,
  { count }: Leaders,
  direction: Direction,
): number[] {
  const sign = direction === 'min' ? 1 : -1
  // Arrays of numbers sort several times faster than rows.
  const able = new Uint32Array(count)
  const signed = new Float64Array(count)
  let next = 0
  for (const { from, values } of blocks) {
    for (let at = 0; at < values.length; at++) {
      const value = sign * (values[at] ?? NaN)
      if (Number.isNaN(value)) continue
      able[next] = from + at
      signed[next++] = value
    }
  }
  const order = new Uint32Array(count).map((_, index) => index)
  order.sort((a, b) => (signed[a] ?? 0) - (signed[b] ?? 0) || a - b)
  return Array.from(order, (at) => able[at] ?? 0)
}
