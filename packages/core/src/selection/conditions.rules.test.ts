import { expect, test } from 'vitest'
import { brokenCondition } from './conditions.ts'
import type { Condition } from './policyOptions.ts'
import { checkpoints, choose, evaluations } from './testing.ts'

const rows = evaluations(
  [100, { eval_loss: 3, eval_f1: 0.5 }],
  [200, { eval_loss: 2, eval_f1: 0.6 }],
  [300, { eval_loss: 1, eval_f1: 0.7 }],
)

const subjectTo = (relation: Condition['relation'], bound: number, metric = 'eval_f1') =>
  choose({
    evaluations: rows,
    checkpoints: checkpoints(100, 200, 300),
    options: { subject_to: [{ metric, relation, bound }] },
  })

test('an evaluation that meets every condition breaks none', () => {
  const [first] = rows
  const condition = { metric: 'eval_f1', relation: '>=', bound: 0.5 } as const
  expect(first && [brokenCondition(first, []), brokenCondition(first, [condition])]).toEqual([
    ...[undefined, undefined],
  ])
})

test('a value equal to the bound meets the condition', () => {
  expect(subjectTo('<=', 0.6).ranking.map(({ step }) => step)).toEqual([200, 100])
  expect(subjectTo('>=', 0.6).ranking.map(({ step }) => step)).toEqual([300, 200])
})

test('a checkpoint that breaks a condition is skipped, and the reason names the bound', () => {
  const most = subjectTo('<=', 0.6).skipped
  expect(most).toMatchObject([{ step: 300, reason: 'condition' }])
  expect(most[0]?.text).toContain('at most 0.6')
  const least = subjectTo('>=', 0.6).skipped
  expect(least).toMatchObject([{ step: 100, reason: 'condition' }])
  expect(least[0]?.text).toContain('at least 0.6')
})

test('a condition on a metric that was never logged is a problem, not an empty choice', () => {
  const { best, ranking, reason } = subjectTo('<=', 1, 'eval_wer')
  expect([best, ranking]).toEqual([null, []])
  expect(reason).toContain('eval_wer was never logged')
})

test('a condition finds its metric by the logged name', () => {
  expect(subjectTo('>=', 0.7, 'f1').ranking.map(({ step }) => step)).toEqual([300])
})

test('a value that is missing or not finite meets no condition', () => {
  const holes = evaluations(
    [100, { eval_loss: 3, eval_f1: 0.5 }],
    [200, { eval_loss: 2 }],
    [300, { eval_loss: 1, eval_f1: NaN }],
  )
  const { best, skipped } = choose({
    evaluations: holes,
    checkpoints: checkpoints(100, 200, 300),
    options: { subject_to: [{ metric: 'eval_f1', relation: '<=', bound: 1 }] },
  })
  expect(best?.step).toBe(100)
  expect(skipped.map(({ step, reason }) => [step, reason])).toEqual([
    [200, 'condition'],
    [300, 'condition'],
  ])
  expect(skipped[0]?.text).toContain('eval_f1 is missing at step 200')
  expect(skipped[1]?.text).toContain('eval_f1 is NaN at step 300')
})

test('every condition must be met, and the reason names the first that is not', () => {
  const { ranking, skipped } = choose({
    evaluations: rows,
    checkpoints: checkpoints(100, 200, 300),
    options: {
      subject_to: [
        { metric: 'eval_f1', relation: '>=', bound: 0.6 },
        { metric: 'eval_f1', relation: '<=', bound: 0.6 },
      ],
    },
  })
  expect(ranking.map(({ step }) => step)).toEqual([200])
  expect(skipped.map(({ text }) => text)).toEqual([
    'eval_f1 is 0.5 at step 100, and it must be at least 0.6',
    'eval_f1 is 0.7 at step 300, and it must be at most 0.6',
  ])
})

test('null is no small value of a condition, and infinity no large one', () => {
  const odd = evaluations(
    [100, { eval_loss: 3, eval_f1: null }],
    [200, { eval_loss: 2, eval_f1: Infinity }],
  )
  const stepsAt = (relation: Condition['relation']) =>
    choose({
      evaluations: odd,
      checkpoints: checkpoints(100, 200),
      options: { subject_to: [{ metric: 'eval_f1', relation, bound: 0.5 }] },
    }).skipped.map(({ step }) => step)
  expect([stepsAt('<='), stepsAt('>=')]).toEqual([
    [100, 200],
    [100, 200],
  ])
})
