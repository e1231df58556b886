import { expect, test } from 'vitest'
import { zoomed } from './zoom.ts'

test('the position under the pointer stays where it is', () => {
  const window = zoomed([0, 100], [0, 100], 25, 0.5)
  expect(window).toEqual([12.5, 62.5])
  expect((25 - 12.5) / (62.5 - 12.5)).toBe(25 / 100)
})

test('a window stays inside the whole, and a window as large as the whole is null', () => {
  expect(zoomed([10, 20], [0, 100], 10, 4)).toEqual([10, 50])
  expect(zoomed([80, 100], [0, 100], 90, 2)).toEqual([70, 100])
  expect(zoomed([10, 20], [0, 100], 15, 100)).toBeNull()
})
