import { expect, test } from 'vitest'
import { backoff } from './backoff.ts'

test('the wait doubles up to half a minute', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoff(failures, () => 0))
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('each wait is shortened at random by up to a half', () => {
  expect(backoff(3, () => 0.5)).toBe(3_000)
  expect(backoff(3, () => 1)).toBe(2_000)
})
