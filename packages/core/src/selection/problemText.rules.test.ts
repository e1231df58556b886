import { expect, test } from 'vitest'
import type { PolicyProblem } from './policyProblem.ts'
import { lowOrHigh, problemText } from './problemText.ts'

const unused = { code: 'option_without_use', value: 'eval_f1' } as const

test.each<[PolicyProblem, string]>([
  [
    { code: 'direction_known', metric: 'eval_f1', direction: 'max', requested: 'min' },
    'For eval_f1, high is better. Remove the direction, or choose policy metric and name the metric that the direction is for.',
  ],
  [
    { ...unused, policy: 'as_declared', option: 'metric' },
    'Policy as_declared uses the metric that each run declares. For eval_f1 choose policy metric, or set it for runs that declare nothing.',
  ],
  [
    { ...unused, policy: 'lowest_eval_loss', option: 'metric' },
    'Policy lowest_eval_loss always uses the evaluation loss. For eval_f1 choose policy metric.',
  ],
  [
    { ...unused, policy: 'lowest_eval_loss', option: 'direction', value: 'max' },
    'Policy lowest_eval_loss takes no direction: a low evaluation loss is better.',
  ],
  [
    { ...unused, policy: 'metric', option: 'prefer', value: 'latest' },
    'A preference (latest) only works with policy within_noise, not with metric.',
  ],
  [
    { code: 'several_metrics', metrics: ['eval_a', 'eval_b'] },
    'No loss was measured, and nothing declares which of these decides: eval_a, eval_b.',
  ],
  [
    { code: 'only_tests', metrics: ['test_a', 'test_b'] },
    'Only a test set was measured: test_a, test_b. Choose a metric if it should decide; new data will give a worse value than this set.',
  ],
  [
    { ...unused, policy: 'metric', option: 'coefficients', value: null },
    'Coefficients only work with policy scored, not with metric.',
  ],
])('a problem names its cause and what to do: %o', (problem, text) => {
  expect(problemText(problem)).toBe(text)
})

test('low is better for min, and high is better for max', () => {
  expect([lowOrHigh('min'), lowOrHigh('max')]).toEqual(['low', 'high'])
})

test('a metric that was never logged gets the name that was probably meant, quoted if it has spaces', () => {
  const text = (metric: string) =>
    problemText({ code: 'never_logged', metric, logged: ['eval_loss', 'val acc'] })
  expect(text('val_acc')).toBe(
    "val_acc was never logged. Did you mean 'val acc'? Logged: eval_loss, val acc.",
  )
  expect(text('zorp')).toBe('zorp was never logged. Logged: eval_loss, val acc.')
})
