import { expect, test } from 'vitest'
import { type PolicyChoice } from './policyOptions.ts'
import { policyProblem } from './policyProblem.ts'
import { problemText } from './problemText.ts'

const problem = (policy: PolicyChoice['policy'], options: PolicyChoice['options'] = {}) =>
  policyProblem({ policy, options })

test('a policy with all it needs and nothing more has no problem', () => {
  expect(problem('as_declared')).toBeNull()
  expect(problem('as_declared', { direction: 'max', min_delta: 1 })).toBeNull()
  expect(problem('lowest_eval_loss')).toBeNull()
  expect(problem('metric', { metric: 'eval_f1', direction: 'max' })).toBeNull()
  expect(problem('within_noise', { prefer: 'latest', metric: 'eval_f1' })).toBeNull()
  expect(problem('scored', { coefficients: { age: 1 } })).toBeNull()
})

test.each([
  ['metric', {}, { code: 'needs_metric' }],
  ['within_noise', {}, { code: 'needs_prefer' }],
  ['scored', {}, { code: 'needs_coefficients' }],
  ['scored', { coefficients: {} }, { code: 'needs_coefficients' }],
  ['as_declared', { metric: 'eval_f1' }, { option: 'metric', value: 'eval_f1' }],
  ['lowest_eval_loss', { metric: 'eval_f1' }, { option: 'metric' }],
  ['lowest_eval_loss', { direction: 'max' }, { option: 'direction', value: 'max' }],
  ['metric', { metric: 'f1', prefer: 'latest' }, { option: 'prefer', policy: 'metric' }],
  ['within_noise', { prefer: 'latest', coefficients: { age: 1 } }, { option: 'coefficients' }],
] as const)('policy %s with %j has the problem %j', (policy, options, expected) => {
  const code = 'code' in expected ? expected.code : 'option_without_use'
  const found = problem(policy, structuredClone<object>(options))
  expect(found).toMatchObject({ ...expected, code })
  expect(found && problemText(found)).toMatch(/^[A-Z].*\.$/)
})
