import type { PolicyChoice } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from './command.ts'
import { optional } from './option.ts'
import { parse } from './parse.ts'
import { POLICY, POLICY_OPTIONS, policyChoiceOf, WEIGHTS_OPTION } from './policyOptions.ts'

const TABLE = command({
  ...{ name: 'test', summary: 'Test.', arguments: {}, examples: [] },
  options: { policy: optional(POLICY, ''), ...POLICY_OPTIONS, weights: WEIGHTS_OPTION },
})

/** The policy of these words, as a command parses them. */
function choiceOf(...words: readonly string[]): PolicyChoice {
  const { values } = parse(words, TABLE)
  return policyChoiceOf(values.policy, values)
}

test('--metric decides; without it the declared metric decides', () => {
  expect(choiceOf()).toEqual({ policy: 'as_declared', options: {} })
  expect(choiceOf('--metric', 'f1', '--mode', 'max')).toEqual({
    policy: 'metric',
    options: { metric: 'f1', direction: 'max' },
  })
})

test('with policy as_declared, --metric decides for runs that declare no metric', () => {
  const words = ['--policy', 'as_declared', '--metric', 'f1', '--min-delta', '1']
  expect(choiceOf(...words)).toEqual({
    policy: 'as_declared',
    options: { undeclared: { metric: 'f1', direction: null }, min_delta: 1 },
  })
})

test('bounds, coefficients and --min-delta are read as numbers', () => {
  const words = ['--policy', 'scored', '--weights', 'eval_loss=1, age=0.5']
  const bounds = ['--subject-to', 'eval_kl <= 0.1', '--min-delta', '1e-3']
  expect(choiceOf(...words, ...bounds).options).toEqual({
    coefficients: { eval_loss: 1, age: 0.5 },
    subject_to: [{ metric: 'eval_kl', relation: '<=', bound: 0.1 }],
    min_delta: 0.001,
  })
})

test.each([
  ['--policy zorp', '--policy must be as_declared or lowest_eval_loss or metric or'],
  ['--policy metric', "Policy metric needs --metric: a logged name, 'mean(A, B)'"],
  ['--policy lowest_eval_loss --metric f1', 'do not work with policy lowest_eval_loss'],
  ['--policy within_noise', 'Policy within_noise needs --prefer earliest or --prefer latest.'],
  ['--policy within_noise --prefer best', '--prefer must be earliest or latest; got "best".'],
  ['--prefer latest', '--prefer only works with policy within_noise, not with as_declared.'],
  ['--policy scored', 'features are eval_loss, smoothed_loss, loss_gap, age, task_metrics'],
  ['--policy scored --weights zorp=1', 'the features are eval_loss, smoothed_loss'],
  ['--policy scored --weights age=', 'FEATURE=NUMBER'],
  ['--policy scored --weights age=0', 'one number that is not 0'],
  ['--weights age=1', '--weights only works with policy scored, not with as_declared.'],
  ['--subject-to eval_kl', '--subject-to must be METRIC<=NUMBER or METRIC>=NUMBER; got "eval_kl".'],
  ['--min-delta x', '--min-delta must be 0 or more; got "x".'],
  ['--min-delta=-1', '--min-delta must be 0 or more; got "-1".'],
  ['--mode up', '--mode must be min or max; got "up".'],
])('%s is refused: %s', (words, message) => {
  expect(() => choiceOf(...words.split(' '))).toThrow(message)
})
