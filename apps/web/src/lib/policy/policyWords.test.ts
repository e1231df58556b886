import { Policy } from '@bestmark/core'
import { expect, test } from 'vitest'
import { chosenWords, decideWords, POLICY_LINES, policyWords } from './policyWords.ts'

test('a change is named by its options', () => {
  expect(policyWords('metric', { metric: 'eval_f1', direction: 'max' }, 'job')).toBe(
    'eval_f1, higher is better',
  )
  expect(policyWords('within_noise', { prefer: 'latest' }, 'job')).toBe('within noise, latest')
  const undeclared = { metric: 'eval_f1', direction: 'max' } as const
  expect(policyWords('as_declared', { undeclared }, 'project')).toBe(
    'as declared, eval_f1 for runs that declare no metric',
  )
})

test('a return to another policy names that policy', () => {
  expect(policyWords(null, {}, 'job')).toBe('the project’s policy')
  expect(policyWords(null, {}, 'project')).toBe('the default policy')
})

test('every policy has its own line and its own verb', () => {
  const verbs = Policy.options.map((policy) => decideWords({ policy, options: { metric: 'wer' } }))
  expect(new Set(verbs).size).toBe(Policy.options.length)
  const lines = Policy.options.map((policy) => POLICY_LINES[policy].line)
  expect(new Set(lines).size).toBe(Policy.options.length)
})

test('the person who chose a policy is named once', () => {
  const chosen = { policy_from: 'job', policy_options: { prefer: 'latest', by: 'ana' } } as const
  expect(chosenWords(chosen, 'within_noise', 'nobody')).toBe(
    'Policy within noise, latest, chosen for this job by ana.',
  )
  expect(chosenWords(chosen, 'within_noise', 'chosen')).toBe('')
  const inherited = { policy_from: 'default', policy_options: {} } as const
  expect(chosenWords(inherited, 'as_declared', 'nobody')).toBe('')
})
