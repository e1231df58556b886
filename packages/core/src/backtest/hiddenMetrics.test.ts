import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import { hiddenMetrics, isOneCurve, withoutHidden } from './hiddenMetrics.ts'
import { aRun } from './testing.ts'

test('the target, its twins and their standard errors are hidden, and no loss is', () => {
  const rows = [0.4, 0.8, 0.6].map((accuracy, step) => {
    const twin = { eval_micro_f1: 100 * accuracy, eval_loss: 1 - accuracy }
    return [step, { eval_accuracy: accuracy, ...twin, eval_f1: step }] as const
  })
  expect(hiddenMetrics('eval_accuracy', evaluations(...rows))).toEqual([
    ...['eval_accuracy', 'eval_accuracy_stderr'],
    ...['eval_micro_f1', 'eval_micro_f1_stderr'],
  ])
})

const values = { eval_accuracy: 0.5, eval_loss: 1 }
const claimOf = (metric: string | null) =>
  ({ metric, path: 'checkpoint-100', step: 100, value: 0.5 }) as const

/** A run that declared and claims these metrics, after the accuracy was hidden. */
function left(metric: string | null, claimed: string | null) {
  const { rows } = aRun('run', 'a', [values])
  const declaration = { metric, direction: 'max', declared_by: 'a config' } as const
  return withoutHidden({ ...rows, declaration, claim: claimOf(claimed) }, ['eval_accuracy'])
}

test('a declaration and a claim of a hidden metric are gone, by its name with or without the split', () => {
  for (const name of ['accuracy', 'eval_accuracy']) {
    expect(left(name, name)).toMatchObject({
      declaration: { metric: null, direction: null, declared_by: null },
      claim: null,
      evaluations: [{ values: { eval_loss: 1 } }],
    })
    expect(left(name, name).evaluations[0]?.values).toEqual({ eval_loss: 1 })
  }
})

test('a declaration and a claim of another metric, or of none, stay', () => {
  for (const name of ['f1', null]) {
    expect(left(name, name)).toMatchObject({
      declaration: { metric: name, direction: 'max', declared_by: 'a config' },
      claim: claimOf(name),
    })
  }
})

test('two curves that differ by a millionth of their range are one curve, by more they are two', () => {
  const differing = (by: number) =>
    isOneCurve([
      [0, 0],
      [0, by],
      [1, 1],
    ])
  expect(differing(1e-6)).toBe(true)
  expect(differing(1.1e-6)).toBe(false)
})
