import { expect, test } from 'vitest'
import { directionByRecord } from './recorded.ts'
import { evaluations } from './testing.ts'

test('a recorded value shows the direction in which no logged value beats it', () => {
  const by = (value: number, ...losses: number[]) =>
    directionByRecord(
      'eval_loss',
      value,
      evaluations(...losses.map((one, at) => [at, one] as const)),
    )
  expect(by(1, 2, 1, 3)).toBe('min')
  expect(by(3, 2, 1, 3)).toBe('max')
  expect(by(2, 2, 1, 3)).toBeUndefined()
  expect(by(1, 1, 1, 1)).toBeUndefined()
})
