import { expect, test } from 'vitest'
import { isSameStep } from './keys.ts'

test('one step of one attempt is the same, and nothing is the same as no step', () => {
  const one = { attempt: 1, step: 100 }
  expect(isSameStep(one, { attempt: 1, step: 100 })).toBe(true)
  expect(isSameStep(one, { attempt: 0, step: 100 })).toBe(false)
  expect(isSameStep(one, { attempt: 1, step: 200 })).toBe(false)
  expect(isSameStep(one, null)).toBe(false)
})
