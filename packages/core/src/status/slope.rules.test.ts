import { expect, test } from 'vitest'
import { slopeOf } from './trackerState.ts'

const slope = (...values: number[]) => slopeOf(values.map((value, step) => ({ step, value })))

test('a slope and its standard error are those of the least-squares line', () => {
  expect(slope(3, 5, 7)).toEqual({ slope: 2, error: 0 })
  const { slope: fitted, error } = slope(5, 6, 6) ?? { slope: NaN, error: NaN }
  expect(fitted).toBeCloseTo(0.5, 12)
  expect(error).toBeCloseTo(Math.sqrt(1 / 12), 12)
})

test('two points, one step and sums that overflow have no slope', () => {
  expect(slope(1, 2)).toBeNull()
  expect(slopeOf([1, 2, 3].map((value) => ({ step: 7, value })))).toBeNull()
  expect(slope(1e308, -1e308, 1e308)).toBeNull()
})
