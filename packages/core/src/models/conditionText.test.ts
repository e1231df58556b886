import { expect, test } from 'vitest'
import type { ConditionCheck, NotBetter } from './conditionCheck.ts'
import { conditionText } from './conditionText.ts'

const compared = (reason: NotBetter | null, direction: 'min' | 'max' = 'min'): ConditionCheck => ({
  ...{ code: 'better_than_live', passes: reason === null, reason, metric: 'eval_f1', direction },
  ...{ found: 0.5, live: 0.52, noise: 0.1 },
})

test.each([
  [null, 'It is better than what is live there.'],
  ['same_checkpoint', 'This checkpoint is live there now. Another one must be better.'],
  ['no_value', 'This checkpoint has no value of the deciding metric. Evaluate it.'],
  [
    'live_has_no_value',
    'What is live there has no stored value to compare with. Ship once without this condition.',
  ],
  [
    'other_metric',
    'What is live there was chosen by another metric than eval_f1. Choose by the same metric.',
  ],
  ['other_data', 'What is live there was evaluated on other data. Evaluate both on the same data.'],
  ['not_better', 'eval_f1 must be lower than 0.52, which is live there; this checkpoint has 0.5.'],
  [
    'within_noise',
    'eval_f1 0.5 is within the noise (±0.1) of 0.52, which is live there. It must be lower than 0.42.',
  ],
] as const)(
  'a checkpoint that is not better is told why and what would pass: %s',
  (reason, text) => {
    expect(conditionText(compared(reason))).toBe(text)
  },
)

test('where high is better, a higher value is asked for', () => {
  expect(conditionText(compared('not_better', 'max'))).toContain('must be higher than 0.52')
  expect(conditionText(compared('within_noise', 'max'))).toContain('must be higher than 0.62.')
})

test('what is missing is named', () => {
  const policy = { code: 'policy', passes: false, required: 'scored', found: null } as const
  expect(conditionText(policy)).toContain('this job is decided by none.')
  const set = { code: 'scored_on', passes: false, test_set: 'mmlu', metrics: [] } as const
  expect(conditionText({ ...set, metrics: [] })).toBe(
    'It has no metric of test set mmlu. Score it there, so that it has a metric such as mmlu/acc.',
  )
  const unknown = { ...compared('not_better'), found: null, live: null } as ConditionCheck
  expect(conditionText(unknown)).toContain('than no value, which is live there')
})
