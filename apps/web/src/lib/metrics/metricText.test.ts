import { expect, test } from 'vitest'
import { metricText } from './metricText.ts'

function textOf(values: number[], count = values.length): string {
  const numbers = Float64Array.from(values)
  const steps = numbers.map((_, index) => 10 * (index + 1))
  return metricText({
    ...{ name: 'loss', kind: 'logged', count, next_ordinal: count, earlier: [] },
    ...{ steps, values: numbers, times: steps },
  })
}

test('a chart has a text with its points, extremes and last value', () => {
  expect(textOf([3, 1, NaN, 2], 4_000)).toBe(
    'loss: 4,000 points from step 10 to 40, lowest 1.000 at step 20, highest 3.000 at step 10, last 2.000',
  )
})

test('a single point, only NaN, and no points have their own texts', () => {
  expect(textOf([2])).toBe(
    'loss: 1 point at step 10, lowest 2.000 at step 10, highest 2.000 at step 10, last 2.000',
  )
  expect(textOf([NaN, NaN])).toBe('loss: 2 points from step 10 to 20, none of them finite')
  expect(textOf([])).toBe('loss: no points')
})
