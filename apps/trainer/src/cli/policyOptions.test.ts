import { expect, test } from 'vitest'
import { settingsOf } from './policyOptions.ts'

test('a told metric decides, and without one the run does', () => {
  expect(settingsOf(undefined, {})).toEqual({ policy: 'as_declared', told: {} })
  expect(settingsOf(undefined, { metric: 'f1', mode: 'max' })).toEqual({
    policy: 'metric',
    told: { metric: 'f1', direction: 'max' },
  })
})

test('a metric told to policy as_declared decides where a run declared nothing', () => {
  expect(settingsOf('as_declared', { metric: 'f1', 'min-delta': '1' })).toEqual({
    policy: 'as_declared',
    told: { undeclared: { metric: 'f1', direction: null }, min_delta: 1 },
  })
})

test('bounds, weights and differences are read as numbers', () => {
  const words = { weights: 'eval_loss=1, age=0.5', 'subject-to': ['eval_kl <= 0.1'] }
  expect(settingsOf('scored', { ...words, 'min-delta': '1e-3' }).told).toEqual({
    weights: { eval_loss: 1, age: 0.5 },
    subject_to: [{ metric: 'eval_kl', relation: '<=', bound: 0.1 }],
    min_delta: 0.001,
  })
})

test.each([
  ['zorp', {}, 'as_declared or lowest_eval_loss or metric or within_noise or scored, not "zorp"'],
  ['metric', {}, "needs --metric: a metric as logged, 'mean(A, B)'"],
  ['lowest_eval_loss', { metric: 'f1' }, 'takes no --metric'],
  ['within_noise', {}, 'needs --prefer earliest or --prefer latest'],
  ['within_noise', { prefer: 'best' }, '--prefer takes earliest or latest, not "best"'],
  [
    'as_declared',
    { prefer: 'latest' },
    '--prefer only works with policy within_noise, not with as_declared',
  ],
  ['scored', {}, 'the features are eval_loss, smoothed_loss, loss_gap, age, task_metrics'],
  ['scored', { weights: 'zorp=1' }, 'not "zorp=1"; the features are eval_loss'],
  ['scored', { weights: 'age=' }, 'not "age="'],
  ['scored', { weights: 'age=0' }, 'at least one weight that is not 0'],
  [
    'as_declared',
    { weights: 'age=1' },
    '--weights only works with policy scored, not with as_declared',
  ],
  ['as_declared', { 'subject-to': ['eval_kl'] }, 'METRIC<=NUMBER or METRIC>=NUMBER, not "eval_kl"'],
  ['as_declared', { 'min-delta': '-1' }, '--min-delta takes a number from 0, not "-1"'],
  ['as_declared', { mode: 'up' }, '--mode takes min or max, not "up"'],
] as const)('policy %s with %j is refused with the choices', (policy, words, says) => {
  expect(() => settingsOf(policy, structuredClone<object>(words))).toThrow(says)
})
