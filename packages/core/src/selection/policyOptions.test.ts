import { expect, test } from 'vitest'
import { Coefficients } from './policyOptions.ts'

test('coefficients are finite numbers of 0 or more; anything else is refused with that message', () => {
  expect(Coefficients.parse({ eval_loss: 0, age: 0.5 })).toEqual({ eval_loss: 0, age: 0.5 })
  for (const weight of [-1, NaN, Infinity, -Infinity, '1']) {
    const { error } = Coefficients.safeParse({ eval_loss: weight })
    expect([weight, error?.issues[0]?.message]).toEqual([
      weight,
      'a coefficient is a finite number, 0 or more',
    ])
  }
})
