import { expect, test } from 'vitest'
import { middleCut } from './names.ts'

test('a long name loses its middle, a short one nothing, and no character is cut in two', () => {
  expect(middleCut('eval/loss', 9)).toBe('eval/loss')
  expect(middleCut('rewards/chosen_mean', 9)).toBe('rewa…mean')
  expect(middleCut('👩‍👩‍👧‍👦'.repeat(12), 5)).toBe(`${'👩‍👩‍👧‍👦'.repeat(2)}…${'👩‍👩‍👧‍👦'.repeat(2)}`)
})
