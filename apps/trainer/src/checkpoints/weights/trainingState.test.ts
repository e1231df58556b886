import { expect, test } from 'vitest'
import { Tensor } from './plainValues.ts'
import { isTrainingStateOnly } from './trainingState.ts'

const map = (fields: Record<string, unknown>) => new Map(Object.entries(fields))

test('a file with an optimiser and otherwise only plain values, however deep, has no weights', () => {
  const tensor = Object.create(Tensor.prototype) as Tensor
  const optimizer = map({ state: map({ 0: map({ exp_avg: tensor }) }), param_groups: [] })
  // AllenNLP keeps what it compares with, and the states of schedules, beside its optimiser.
  const tracked = map({ best_so_far: 0.8, best_epoch_metrics: map({ validation_loss: 0.5 }) })
  const plain = { epochs_completed: 5, metric_tracker: tracked, last_epochs: [1, 2] }
  expect(isTrainingStateOnly(map({ optimizer, ...plain }))).toBe(true)
  expect(isTrainingStateOnly(map(plain))).toBe(false)
  for (const weights of [tensor, map({ weight: tensor }), [map({ weight: tensor })]])
    expect(isTrainingStateOnly(map({ optimizer, ...plain, weights }))).toBe(false)
})
