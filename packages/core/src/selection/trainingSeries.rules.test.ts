import { expect, test } from 'vitest'
import type { Measured } from '../measured.ts'
import type { Evaluation } from '../run/rows.ts'
import type { SelectionInput } from './input.ts'
import { select } from './select.ts'
import { unmeasuredMetrics, withTraining } from './trainingSeries.ts'

const LOSSES: Record<number, Measured> = { 90: 4, 200: 2, 300: 3 }
const training = {
  names: ['loss', 'lr'],
  before: (name: string, { step }: { step: number }): Measured => {
    const steps = Object.keys(LOSSES).map(Number)
    const last = steps.findLast((one) => one <= step)
    return name === 'loss' && last !== undefined ? (LOSSES[last] ?? null) : null
  },
}
const checkpoint = (step: number) => {
  const files = { files_state: 'complete', files_why: null } as const
  return { checkpoint_id: null, attempt: 0, step, path: `checkpoint-${step}`, ...files }
}
const evaluation = (step: number, values: Evaluation['values']): Evaluation => {
  return { attempt: 0, step, epoch: null, values, origin: null }
}
const choose = (input: Partial<SelectionInput>) =>
  select({
    policy: 'metric',
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    evaluations: [],
    checkpoints: [100, 200, 300].map(checkpoint),
    training,
    ...input,
  })

test('a named training series decides, by its value at or before each checkpoint', () => {
  const { best, ranking } = choose({ options: { metric: 'loss' } })
  expect(best).toMatchObject({ path: 'checkpoint-200', value: 2 })
  expect(ranking.map(({ step, value }) => [step, value])).toEqual([
    [200, 2],
    [300, 3],
    [100, 4],
  ])
})

test('a training series may be a condition or the metric that the run declares', () => {
  const evaluations = [100, 200, 300].map((step) => evaluation(step, { eval_f1: step }))
  const subject_to = [{ metric: 'loss', relation: '<=', bound: 2.5 } as const]
  const bound = choose({ evaluations, options: { metric: 'eval_f1', subject_to } })
  expect(bound.best?.step).toBe(200)
  const declaration = { metric: 'loss', direction: null, declared_by: 'the run' }
  expect(choose({ policy: 'as_declared', declaration, evaluations }).best?.step).toBe(200)
})

test('an evaluated metric of the same name has priority over a training series', () => {
  const evaluations = [100, 200, 300].map((step) => evaluation(step, { eval_loss: step }))
  const { best, metric } = choose({ evaluations, options: { metric: 'loss' } })
  expect([best?.step, metric]).toEqual([100, 'eval_loss'])
})

test('a series without a value at a checkpoint was logged, and the reason says so', () => {
  const direction = 'min'
  expect(choose({ options: { metric: 'lr', direction } }).reason).toBe(
    'No checkpoint can be chosen. lr was logged while training, but it has no value at or before a checkpoint or an evaluation.',
  )
  expect(choose({ options: { metric: 'zork', direction } }).reason).toContain('never logged')
})

const named = (options: SelectionInput['options'], metric: string | null = null) =>
  unmeasuredMetrics({
    ...{ options, evaluations: [evaluation(100, { eval_loss: 1 })] },
    declaration: { metric, direction: null, declared_by: null },
  })

test('the unmeasured metrics are those that a person, a condition or the run named', () => {
  expect(named({})).toEqual([])
  expect(named({ metric: 'eval_loss' }, 'loss')).toEqual([])
  const subject_to = [{ metric: 'kl', relation: '<=' as const, bound: 1 }]
  const undeclared = { metric: 'mean(a, b)', direction: null }
  expect(named({ metric: 'f1', undeclared, subject_to }, 'lr')).toEqual([
    'f1',
    'a',
    'b',
    'lr',
    'kl',
  ])
})

test('a series has no value at a checkpoint without a step, or before its first value', () => {
  const files = { files_state: 'complete', files_why: null } as const
  const stepless = { checkpoint_id: null, attempt: 0, step: null, path: 'last', ...files }
  const added = withTraining({
    ...{ policy: 'metric', options: { metric: 'loss' }, claim: null, training, evaluations: [] },
    declaration: { metric: null, direction: null, declared_by: null },
    checkpoints: [checkpoint(50), checkpoint(100), stepless],
  })
  expect(added).toEqual([evaluation(100, { loss: 4 })])
})

test('only the series that the run has are read', () => {
  const read: string[] = []
  const before = (name: string): Measured => {
    read.push(name)
    return 1
  }
  const subject_to = [{ metric: 'kl', relation: '<=' as const, bound: 1 }]
  choose({ options: { metric: 'loss', subject_to }, training: { names: ['loss'], before } })
  expect(new Set(read)).toEqual(new Set(['loss']))
})

test('a checkpoint without a step has no value of a training series', () => {
  const input: SelectionInput = {
    ...{ policy: 'metric', options: { metric: 'loss' }, claim: null, evaluations: [] },
    declaration: { metric: null, direction: null, declared_by: null },
    checkpoints: [checkpoint(100), { ...checkpoint(0), step: null }],
    training: { names: ['loss'], before: () => 1 },
  }
  expect(withTraining(input).map(({ step }) => step)).toEqual([100])
})
