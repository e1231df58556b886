import { expect, test } from 'vitest'
import { checkpoints, choose, evaluations } from '../selection/testing.ts'
import { measuredJson } from '../measured.ts'
import { freezeChoice, MOST_ALTERNATIVES } from './freeze.ts'
import { FrozenChoice } from './frozenChoice.ts'

const saved = (...steps: number[]) =>
  checkpoints(...steps.map((step) => ({ step, checkpoint_id: `id-${step}` })))

const selection = choose({
  evaluations: evaluations([100, 3], [200, 1], [300, 2], [400, NaN]),
  checkpoints: saved(100, 200, 300, 400),
})

test('a choice keeps the rule, the value and the alternatives with their distance', () => {
  expect(freezeChoice(selection, 'id-200', 1)).toMatchObject({
    ...{ policy: 'as_declared', metric: 'eval_loss', direction: 'min', value: 1, rank: 1 },
    ...{ candidates: 3, reason: selection.reason, policy_version: selection.policy_version },
    alternatives: [
      { step: 300, value: 2, rank: 2, difference: 1 },
      { step: 100, value: 3, rank: 3, difference: 2 },
    ],
  })
})

test('a choice of another than the best keeps its rank, and the best as an alternative', () => {
  const choice = freezeChoice(selection, 'id-300', 2)
  expect(choice).toMatchObject({ value: 2, rank: 2 })
  expect(choice.alternatives.map(({ step, difference }) => [step, difference])).toEqual([
    [200, -1],
    [100, 1],
  ])
})

test('a checkpoint without a rank keeps its own value, and no distances if that is not finite', () => {
  const choice = freezeChoice(selection, 'id-400', NaN)
  expect(choice).toMatchObject({ value: NaN, rank: null })
  expect(choice.alternatives.map(({ difference }) => difference)).toEqual([null, null, null])
})

test('only the first alternatives are kept', () => {
  const steps = Array.from({ length: 9 }, (_, at) => at + 1)
  const many = choose({
    evaluations: evaluations(...steps.map((step) => [step, step] as const)),
    checkpoints: saved(...steps),
  })
  const { alternatives, candidates } = freezeChoice(many, 'id-1', 1)
  expect([alternatives.length, candidates]).toEqual([MOST_ALTERNATIVES, 9])
  expect(alternatives.at(-1)?.step).toBe(6)
})

test('alternatives that the noise cannot tell from the best are marked', () => {
  const curve = [5, 4, 3, 2, 2.01, 2.9, 3.8, 4.8].map((loss, at) => [at, loss] as const)
  const noisy = choose({
    evaluations: evaluations(...curve),
    checkpoints: saved(...curve.map(([step]) => step)),
  })
  const { alternatives, noise } = freezeChoice(noisy, 'id-3', 2)
  const error = noise?.standard_error ?? NaN
  expect(alternatives.map(({ is_tied }) => is_tied)).toEqual(
    alternatives.map(({ value }) => value - 2 <= error),
  )
  expect(new Set(alternatives.map(({ is_tied }) => is_tied)).size).toBe(2)
})

test('a best that is alone within the noise is not marked as tied', () => {
  const curve = [5, 4, 3, 2, 3, 4, 5].map((loss, at) => [at, loss] as const)
  const clear = choose({
    evaluations: evaluations(...curve),
    checkpoints: saved(...curve.map(([step]) => step)),
  })
  const { alternatives, noise } = freezeChoice(clear, 'id-0', 5)
  expect(noise).not.toBeNull()
  expect(alternatives[0]).toMatchObject({ step: 3, is_tied: false })
})

test('a choice is the same after it was stored', () => {
  for (const value of [1, NaN]) {
    const choice = freezeChoice(selection, 'id-200', value)
    expect(FrozenChoice.parse(JSON.parse(measuredJson(choice)))).toEqual(choice)
  }
})
