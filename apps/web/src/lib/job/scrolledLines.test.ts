import { expect, test } from 'vitest'
import { heightOfHidden, LINE, lineOutOfWindow } from './scrolledLines.ts'

test('a scrollbar represents all stored lines, within the height that browsers can scroll', () => {
  expect(heightOfHidden(1_000)).toBe(LINE)
  expect(heightOfHidden(0)).toBe(LINE)
  expect(1e6 * heightOfHidden(1e6)).toBe(8e6)
  expect(1e7 * heightOfHidden(1e7)).toBe(8e6)
})

test('a position before or after the window is a line, and a position in it is none', () => {
  // Lines 100 to 1,099 are stored, and lines 500 to 599 are in the window, at twice their height.
  const list = { top: 400 * 20, bottom: 400 * 20 + 100 * 40 }
  const at = (top: number) =>
    lineOutOfWindow({ top, height: 400, list, first: 100, next: 600, hidden: 20 })
  expect(at(0)).toBe(110)
  expect(at(2_000)).toBe(210)
  expect(at(list.top - 400)).toBeUndefined()
  expect(at(list.top)).toBeUndefined()
  expect(at(list.bottom)).toBeUndefined()
  expect(at(list.bottom + 800)).toBe(650)
})
