import { expect, test } from 'vitest'
import { normalStream, randomStream } from './random.ts'

const draw = (count: number, next: () => number) => Array.from({ length: count }, next)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

test('a stream depends only on its seed and its name', () => {
  const first = draw(5, randomStream(1, 'batch/7'))
  expect(draw(5, randomStream(1, 'batch/7'))).toEqual(first)
  expect(draw(5, randomStream(2, 'batch/7'))).not.toEqual(first)
  expect(draw(5, randomStream(1, 'batch/8'))).not.toEqual(first)
})

test('uniform numbers fill [0, 1), also across neighbouring streams', () => {
  for (const values of [
    draw(10_000, randomStream(1, 'weights')),
    Array.from({ length: 10_000 }, (_, step) => randomStream(1, `batch/${step}`)()),
  ]) {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    expect(mean(values)).toBeCloseTo(0.5, 1)
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 2)
  }
})

test('normal numbers have mean 0 and variance 1', () => {
  const values = draw(20_000, normalStream(randomStream(1, 'weights')))
  expect(mean(values)).toBeCloseTo(0, 1)
  expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1)
})
