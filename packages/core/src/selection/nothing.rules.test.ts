import { expect, test } from 'vitest'
import type { Measured } from '../measured.ts'
import { parseCondition } from './policyOptions.ts'
import { checkpoints, choose, evaluations } from './testing.ts'

/** Evaluations at every hundred steps; the last has this epoch. */
function run(values: readonly Measured[], epoch: number | null) {
  const rows = values.map((value, index) => evaluations([100 * (index + 1), value])[0]!)
  return rows.map((row, index) => ({ ...row, epoch: index === rows.length - 1 ? epoch : null }))
}

const codeOf = (values: readonly Measured[], epoch: number | null = 0.5, more: object = {}) =>
  choose({ evaluations: run(values, epoch), ...more }).nothing_to_choose?.code ?? null

test('one finite evaluation leaves no choice', () => {
  expect(codeOf([1])).toBe('one_evaluation')
  expect(codeOf([NaN, 1, null])).toBe('one_evaluation')
})

test('a metric that improved until the end, in less than one epoch, has no best yet', () => {
  expect(codeOf([3, 2, 1])).toBe('still_falling')
  expect(codeOf([3, NaN, 2, null])).toBe(null)
  expect(run([3, NaN, 2], 0.5)).toHaveLength(3)
  expect(codeOf([3, NaN, 2])).toBe('still_falling')
  expect(codeOf([0.1, 0.2, 0.3], 0.5, { options: { metric: 'eval_loss', direction: 'max' } })).toBe(
    'still_falling',
  )
})

test('a metric that once did not improve, or was measured for a whole epoch, gives a choice', () => {
  expect(codeOf([3, 1, 2])).toBeNull()
  expect(codeOf([1, 2, 1.5])).toBeNull()
  expect(codeOf([2, 2])).toBeNull()
  expect(codeOf([3, 2, 1], 1)).toBeNull()
  expect(codeOf([3, 2, 1], 1.5)).toBeNull()
  expect(codeOf([3, 2, 1], null)).toBeNull()
})

test('if nothing was measured, the text says whether this metric or every metric is missing', () => {
  const text = (values: readonly Measured[]) =>
    choose({ evaluations: run(values, null) }).nothing_to_choose
  expect(text([NaN, null])).toMatchObject({ code: 'no_evaluation' })
  expect(text([NaN, null])?.text).toContain('eval_loss was not measured')
  expect(text([])).toMatchObject({ code: 'no_evaluation' })
  expect(text([])?.text).toContain('No evaluation was found')
})

test('if there is no choice, the reason names what is missing', () => {
  const rows = evaluations([100, NaN])
  const missing = (more: Parameters<typeof choose>[0]) =>
    choose({ evaluations: rows, ...more }).reason
  expect(missing({})).toBe('No checkpoint can be chosen: no checkpoint was found.')
  expect(missing({ among: 'evaluations' })).toBe(
    'No checkpoint can be chosen: no evaluation has a finite eval_loss.',
  )
  expect(missing({ checkpoints: checkpoints(100) })).toBe(
    'No checkpoint can be chosen: eval_loss is NaN at step 100.',
  )
})

test('a start that no later evaluation beats is named, within the first twentieth of the run', () => {
  const unbeaten = (...steps: readonly (readonly [number, number, number?])[]) => {
    const rows = evaluations(...steps)
    const saved = checkpoints(...rows.map(({ step, attempt }) => ({ step, attempt })))
    const { reason } = choose({ evaluations: rows, checkpoints: saved })
    return reason.includes('no later evaluation is better')
  }
  expect(unbeaten([5, 1], [100, 2])).toBe(true)
  expect(unbeaten([6, 1], [100, 2])).toBe(false)
  expect(unbeaten([0, 1], [100, 2])).toBe(true)
  expect(unbeaten([0, 1])).toBe(false)
  expect(unbeaten([5, 2], [100, 1])).toBe(false)
  expect(unbeaten([5, 1], [100, NaN])).toBe(false)
})

test('a start is not called unbeaten if an evaluation without files is better', () => {
  const rows = evaluations([5, 2], [50, 1], [100, 3])
  expect(choose({ evaluations: rows, checkpoints: checkpoints(5, 100) }).reason).not.toContain(
    'no later evaluation is better',
  )
  const again = evaluations([5, 2], [5, 1, 1], [100, 3])
  expect(choose({ evaluations: again, checkpoints: checkpoints(5, 100) }).reason).not.toContain(
    'no later evaluation is better',
  )
})

test('the reason names attempts only if they differ', () => {
  const rows = evaluations([100, 1], [200, { eval_loss: 2 }, 1])
  const two = choose({
    evaluations: rows,
    checkpoints: checkpoints(100, { step: 200, attempt: 1 }),
  })
  expect(two.reason).toContain('Step 100 of attempt 0')
  expect(two.reason).toContain('step 200 of attempt 1')
  const same = evaluations([100, 1], [200, 2])
  expect(choose({ evaluations: same, checkpoints: checkpoints(100, 200) }).reason).not.toContain(
    'attempt',
  )
  expect(choose({ evaluations: same, checkpoints: checkpoints(100) }).reason).not.toContain(
    'attempt',
  )
})

test('a runner-up with the same value is a tie, and is called later only if it is', () => {
  const tied = (...rows: Parameters<typeof evaluations>) => {
    const evaluated = evaluations(...rows)
    const saved = checkpoints(...evaluated.map(({ step, attempt }) => ({ step, attempt })))
    return choose({ evaluations: evaluated, checkpoints: saved }).reason
  }
  expect(tied([100, 1], [200, 1])).toMatch(/[Ss]tep 200 has the same value and came later/)
  expect(tied([100, 1], [100, 1, 1])).toContain('has the same value and came later')
  expect(tied([100, 1], [200, 2])).not.toContain('same value')
  const weighed = choose({
    ...{ policy: 'scored', options: { coefficients: { age: 1 }, metric: 'eval_loss' } },
    ...{ evaluations: evaluations([100, 1], [200, 1]), checkpoints: checkpoints(100, 200) },
  })
  expect(weighed.reason).toMatch(/[Ss]tep 100 has the same value/)
  expect(weighed.reason).not.toContain('came later')
})

test('a single candidate is called the only one, and evaluations are called evaluations', () => {
  const rows = evaluations([100, 1], [200, 2])
  const only = choose({ evaluations: rows, checkpoints: checkpoints(100) }).reason
  expect(only).toMatch(/^Step 100 is the only checkpoint that can be compared: eval_loss 1\./)
  expect(choose({ evaluations: rows, among: 'evaluations' }).reason).toMatch(
    /the lowest of 2 evaluations/,
  )
})

test('a choice outside the near ties is not called one of them', () => {
  const rows = evaluations(
    ...[0.9, 0.9, 0.1].map(
      (acc, index) => [100 * (index + 1), { acc, acc_stderr: 0.05, eval_loss: 1 }] as const,
    ),
  )
  const scored = (coefficients: object) =>
    choose({
      ...{ policy: 'scored', evaluations: rows, checkpoints: checkpoints(100, 200, 300) },
      ...{ options: { metric: 'acc', coefficients } },
    }).reason
  expect(scored({ age: 1 })).toMatch(
    /^Step 300 is best: acc 0\.1, with the best score of 3 checkpoints\. (?!.*within)/,
  )
  expect(scored({ task_metrics: 1 })).toMatch(/^Step 100 is best.*within the noise/)
})

test('near ties of another attempt are not near ties of the choice', () => {
  const rows = evaluations(
    [100, { acc: 0.9, acc_stderr: 0.05, eval_loss: 5 }],
    [200, { acc: 0.88, acc_stderr: 0.05, eval_loss: 5 }],
    [200, { acc: 0.1, acc_stderr: 0.05, eval_loss: 1 }, 1],
  )
  const saved = checkpoints(100, 200, { step: 200, attempt: 1 })
  const { best, reason } = choose({
    ...{ policy: 'scored', evaluations: rows, checkpoints: saved },
    ...{ options: { metric: 'acc', coefficients: { eval_loss: 1 } } },
  })
  expect(best).toMatchObject({ step: 200, attempt: 1 })
  expect(reason).toMatch(/^Step 200 of attempt 1 is best(?!.*within the noise)/)
})

test('a bound is a metric, a sign and a number', () => {
  expect(parseCondition('eval_kl<=0.1')).toEqual({ metric: 'eval_kl', relation: '<=', bound: 0.1 })
  expect(parseCondition(' a b ≤ 1e-3 ')).toEqual({ metric: 'a b', relation: '<=', bound: 0.001 })
  expect(parseCondition('f1>=-2')).toEqual({ metric: 'f1', relation: '>=', bound: -2 })
  expect(parseCondition('f1 ≥ 2')).toEqual({ metric: 'f1', relation: '>=', bound: 2 })
  for (const text of [
    '',
    'f1',
    'f1<2',
    'f1=2',
    '<=2',
    'f1<=',
    'f1<=x',
    'f1<=Infinity',
    'f1<=1 2',
  ]) {
    expect([text, parseCondition(text)]).toEqual([text, undefined])
  }
})
