import { expect, test } from 'vitest'
import { axesOf, durationTicks, positionOn } from './axis.ts'

const marks = [
  { step: 200, epoch: 2 },
  { step: null, epoch: 3 },
  { step: 100, epoch: 1 },
]

test('epochs are interpolated between logged pairs, and extrapolated beyond the last', () => {
  const position = positionOn('epoch', marks, 0)
  expect([0, 50, 100, 150, 200, 300].map((step) => position(step, NaN))).toEqual([
    0, 0.5, 1, 1.5, 2, 3,
  ])
})

test('the time axis counts seconds from the start', () => {
  expect(positionOn('time', [], 10_000)(7, 12_500)).toBe(2.5)
})

test('an axis without data is not offered', () => {
  const times = (...of: number[]) => ({ times: Float64Array.from(of) })
  expect(axesOf([], [times(NaN)])).toEqual(['step'])
  expect(axesOf(marks, [times(5)])).toEqual(['step', 'epoch', 'time'])
  // A series without points yet does not decide for the others.
  expect(axesOf([], [times(), times(5)])).toEqual(['step', 'time'])
})

test('time ticks are at round spans', () => {
  expect(durationTicks([0, 70], 5)).toEqual([0, 15, 30, 45, 60])
  expect(durationTicks([100, 7300], 5)).toEqual([1800, 3600, 5400, 7200])
})
