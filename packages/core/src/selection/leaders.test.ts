import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksOf, leadersOf, orderOf } from './leaders.ts'

/** Few values, so that many are equal; NaN cannot win. */
const values = fc.array(fc.constantFrom(NaN, 0, -0, 1, -1, 2, 0.5), { maxLength: 40 })

function blocks(of: readonly number[]) {
  return blocksOf(of.length, (into, from) => into.set(of.slice(from, from + into.length)))
}

test('the first two rows and the whole order are those of a stable sort, in both directions', () => {
  fc.assert(
    fc.property(values, fc.constantFrom('min', 'max'), (of, direction) => {
      const sign = direction === 'min' ? 1 : -1
      const sorted = [...of.entries()]
        .filter(([, value]) => !Number.isNaN(value))
        .sort(([, a], [, b]) => sign * (a - b))
        .map(([index]) => index)
      const leaders = leadersOf(blocks(of), direction)
      const [best = -1, next = -1] = sorted
      expect(leaders).toEqual({ best, next, count: sorted.length })
      expect(orderOf(blocks(of), leaders, direction)).toEqual(sorted)
    }),
  )
})

test('values are read in blocks, each once and in order, and the last block is shorter', () => {
  const of = Array.from({ length: 2_500 }, (_, index) => index)
  const read = [...blocks(of)].map(({ from, values: { length } }) => [from, length])
  expect(read).toEqual([
    [0, 1024],
    [1024, 1024],
    [2048, 452],
  ])
  expect([...blocks(of)].length).toBe(3)
  const falling = of.map((value) => 2_500 - value)
  expect(leadersOf(blocks(falling), 'min')).toEqual({ best: 2_499, next: 2_498, count: 2_500 })
  expect(leadersOf(blocks(falling), 'max')).toEqual({ best: 0, next: 1, count: 2_500 })
  expect([...blocks([])]).toEqual([])
})
