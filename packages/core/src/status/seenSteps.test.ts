import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addStep, seenSteps } from './seenSteps.ts'

test('a step is new exactly once, in any order of steps', () => {
  const steps = fc.array(fc.nat(12), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(steps, ([first = 0, ...others]) => {
      const seen = seenSteps(first)
      const all = new Set([first])
      for (const step of others) {
        expect(addStep(seen, step)).toBe(!all.has(step))
        all.add(step)
      }
    }),
  )
})

test('only a step that comes after a later one needs the set', () => {
  const seen = seenSteps(10)
  for (const step of [20, 20, 30, 15, 10, 40]) addStep(seen, step)
  expect(seen).toEqual({ ascending: [10, 20, 30, 40], others: new Set([15]) })
})
