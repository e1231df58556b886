import { expect, test } from 'vitest'
import { CELL, drawnCells, scrolledTo } from './strip.ts'

test('of a thousand steps only those in sight are drawn, and some beyond', () => {
  const { first, end } = drawnCells(1_000, 500 * CELL, 10 * CELL)
  expect([first, end]).toEqual([496, 514])
  expect(drawnCells(1_000, 0, 10 * CELL)).toEqual({ first: 0, end: 14 })
  expect(drawnCells(3, 0, 10 * CELL)).toEqual({ first: 0, end: 3 })
  expect(drawnCells(0, 0, 0)).toEqual({ first: 0, end: 0 })
})

test('the strip scrolls only as far as needed', () => {
  expect(scrolledTo(5, 2 * CELL, 10 * CELL)).toBe(2 * CELL)
  expect(scrolledTo(1, 2 * CELL, 10 * CELL)).toBe(CELL)
  expect(scrolledTo(20, 0, 10 * CELL)).toBe(11 * CELL)
})
