import { expect, test } from 'vitest'
import { Weights } from './policyOptions.ts'

test('weights are finite numbers from 0, and what is none is refused with that sentence', () => {
  expect(Weights.parse({ eval_loss: 0, age: 0.5 })).toEqual({ eval_loss: 0, age: 0.5 })
  for (const weight of [-1, NaN, Infinity, -Infinity, '1']) {
    const { error } = Weights.safeParse({ eval_loss: weight })
    expect([weight, error?.issues[0]?.message]).toEqual([
      weight,
      'a weight is a finite number from 0',
    ])
  }
})
