import { expect, test } from 'vitest'
import { whyText } from './why.ts'

const row = { rank: 2, difference: 0.1, is_best: false, is_tied: false, why_not: 'second: +0.1' }

test('rank and difference have their own columns, so the text does not repeat them', () => {
  expect(whyText(row)).toBe('')
  expect(whyText({ ...row, rank: 1, difference: 0, is_best: true, why_not: null })).toBe('')
})

test('a skipped checkpoint has its reason, and so does one with the same value as the best', () => {
  const passed = { rank: null, difference: null, why_not: 'no evaluation at step 900' }
  expect(whyText({ ...row, ...passed })).toBe('no evaluation at step 900')
  const equal = { difference: 0, is_tied: true, why_not: 'second: equal' }
  expect(whyText({ ...row, ...equal })).toBe('second: equal')
})

test('a checkpoint within the noise of the best says so', () => {
  expect(whyText({ ...row, is_tied: true })).toBe('within the noise of the best')
})
