import { expect, test } from 'vitest'
import { spanWithoutOutliers } from './outliers.ts'

const falling = (n: number) => Array.from({ length: n }, (_, index) => 2 + 8 / (index + 1))

test('one spike that would flatten a curve is left out', () => {
  const values = falling(200)
  values[50] = 1_000
  expect(spanWithoutOutliers(values, false)).toEqual([2.04, 10])
})

test('a drop is left out like a spike', () => {
  const values = falling(200)
  values[50] = -1_000
  expect(spanWithoutOutliers(values, false)).toEqual([2.04, 10])
})

test('the steep beginning of a curve is not an outlier', () => {
  expect(spanWithoutOutliers(falling(1_000), false)).toBeNull()
})

test('at most one value in a hundred is left out', () => {
  const spiked = (spikes: number) =>
    falling(500).map((value, at) => (at < spikes ? 1e6 + at : value))
  expect(spanWithoutOutliers(spiked(5), false)?.[1]).toBeLessThan(10)
  expect(spanWithoutOutliers(spiked(6), false)).toBeNull()
})

test('no value is left out of a few values, or of equal values', () => {
  expect(spanWithoutOutliers([...falling(18), 1e9], false)).toBeNull()
  expect(
    spanWithoutOutliers(
      Array.from({ length: 50 }, () => 3),
      false,
    ),
  ).toBeNull()
  expect(spanWithoutOutliers([], false)).toBeNull()
})

test('NaN and infinite values do not count, and a spike may leave a flat curve', () => {
  const flat = [...Array.from({ length: 40 }, () => 3), NaN, Infinity, -Infinity, 9_000]
  expect(spanWithoutOutliers(flat, false)).toEqual([3, 3])
})

test('on a logarithmic axis the spans are spans of exponents', () => {
  const values = falling(200)
  values[50] = 1_000
  expect(spanWithoutOutliers(values, true)).toBeNull()
  values[50] = 1e30
  values[60] = -5
  expect(spanWithoutOutliers(values, true)).toEqual([2.04, 10])
})
