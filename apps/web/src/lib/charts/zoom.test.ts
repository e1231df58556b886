import { expect, test } from 'vitest'
import { zoomed } from './zoom.ts'

test('what lies under the pointer stays there', () => {
  const window = zoomed([0, 100], [0, 100], 25, 0.5)
  expect(window).toEqual([12.5, 62.5])
  expect((25 - 12.5) / (62.5 - 12.5)).toBe(25 / 100)
})

test('a window never reaches beyond the whole, and the whole is no window', () => {
  expect(zoomed([10, 20], [0, 100], 10, 4)).toEqual([10, 50])
  expect(zoomed([80, 100], [0, 100], 90, 2)).toEqual([70, 100])
  expect(zoomed([10, 20], [0, 100], 15, 100)).toBeNull()
})
