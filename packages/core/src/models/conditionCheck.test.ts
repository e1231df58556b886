import { expect, test } from 'vitest'
import { checkConditions, type ConditionFacts, type LiveFacts } from './conditionCheck.ts'
import { conditionText } from './conditionText.ts'
import type { FrozenChoice } from './frozenChoice.ts'
import type { TargetConditions } from './targetConditions.ts'

const choice: FrozenChoice = {
  ...{ policy: 'as_declared', policy_version: 1, metric: 'eval_loss', direction: 'min' },
  ...{ declared_by: 'init', value: 2, rank: 1, candidates: 3, alternatives: [] },
  noise: { source: 'logged', standard_error: 0.125, text: '' },
  ...{ missed_best: null, reason: '' },
}
const facts: ConditionFacts = { choice, values: { eval_loss: 2 }, live: null }
const live = (value: number, more: Partial<LiveFacts> = {}): ConditionFacts => ({
  ...facts,
  live: {
    choice: { metric: 'eval_loss', value },
    ...{ is_same_checkpoint: false, is_same_data: true, ...more },
  },
})

/** Whether the only condition holds, and its sentence. */
function outcome(conditions: TargetConditions, given: ConditionFacts): [boolean, string] {
  const [check, ...others] = checkConditions(conditions, given)
  expect(others).toEqual([])
  return [check!.passes, conditionText(check!)]
}

test('a target without conditions checks nothing; several are checked in a fixed order', () => {
  expect(checkConditions({}, facts)).toEqual([])
  const value = { metric: 'eval_loss', bound: 3 }
  const all = { scored_on: 'mmlu', better_than_live: true, value, policy: 'as_declared' } as const
  const codes = checkConditions(all, facts).map(({ code }) => code)
  expect(codes).toEqual(['policy', 'value', 'better_than_live', 'scored_on'])
})

test('the policy must be the stated one', () => {
  expect(outcome({ policy: 'as_declared' }, facts)[0]).toBe(true)
  const other = outcome({ policy: 'within_noise' }, facts)
  expect(other).toEqual([
    false,
    'Policy within_noise must decide; this job is decided by as_declared.',
  ])
  expect(outcome({ policy: 'as_declared' }, { ...facts, choice: null })[0]).toBe(false)
})

test.each([
  ['eval_loss', 2, true, ''],
  ['eval_loss', 1.9, false, 'eval_loss must be at most 1.9; this checkpoint has 2.'],
  ['eval_f1', 0.5, true, ''],
  ['eval_f1', 0.7, false, 'eval_f1 must be at least 0.7; this checkpoint has 0.6.'],
  ['eval_acc', 0.7, false, 'eval_acc must be at least 0.7; this checkpoint has no such value.'],
  ['toString', 0.7, false, 'It is unknown whether a lower or a higher toString is better.'],
])('a value of %s must reach %s in its direction', (metric, bound, passes, text) => {
  const given = { ...facts, values: { eval_loss: 2, eval_f1: 0.6, eval_acc: NaN } }
  const found = outcome({ value: { metric, bound } }, given)
  expect(found[0]).toBe(passes)
  if (!passes) expect(found[1]).toContain(text)
})

test('a stated direction decides where the name shows none', () => {
  const value = { metric: 'quality', bound: 5, direction: 'max' } as const
  expect(outcome({ value }, { ...facts, values: { quality: 6 } })[0]).toBe(true)
  expect(outcome({ value }, { ...facts, values: { quality: 4 } })[0]).toBe(false)
})

test('the deciding metric has the direction and the value of the decision', () => {
  const decided = { ...facts, choice: { ...choice, metric: 'quality', direction: 'max' as const } }
  const check = (given: ConditionFacts, bound: number) =>
    checkConditions({ value: { metric: 'quality', bound } }, given)[0]
  expect(check(decided, 2)).toMatchObject({ passes: true, direction: 'max', found: 2 })
  expect(check(decided, 2.1)).toMatchObject({ passes: false, direction: 'max', found: 2 })
  const values = { quality: 1 }
  const unknown = { passes: false, direction: null, found: 1 }
  expect(check({ ...facts, values }, 0)).toMatchObject(unknown)
  expect(check({ ...facts, choice: null, values }, 1)).toMatchObject(unknown)
})

test('a missing value reaches no bound, also none below 0', () => {
  for (const [metric, bound] of [
    ['eval_acc', -1],
    ['eval_wer', 1],
  ] as const) {
    const [check] = checkConditions({ value: { metric, bound } }, facts)
    expect(check).toMatchObject({ passes: false, found: null })
  }
})

test('without a decision nothing is better than what is live', () => {
  const [check] = checkConditions({ better_than_live: true }, { ...live(3), choice: null })
  const nothing = { metric: null, direction: null, found: null, noise: null }
  expect(check).toMatchObject({ passes: false, reason: 'no_value', live: 3, ...nothing })
  const [parts] = checkConditions({ better_than_live: true }, live(3))
  expect(parts).toMatchObject({ metric: 'eval_loss', direction: 'min', found: 2, noise: 0.125 })
})

test.each([
  ['nothing is live', facts, null],
  ['better by more than the noise', live(2.2), null],
  ['better by just the noise', live(2.125), 'within_noise'],
  ['equal', live(2), 'not_better'],
  ['worse', live(1.9), 'not_better'],
  ['the same checkpoint', live(3, { is_same_checkpoint: true }), 'same_checkpoint'],
  ['other data', live(3, { is_same_data: false }), 'other_data'],
  ['an entry of an older version', live(3, { choice: null }), 'live_has_no_value'],
  ['another metric', live(3, { choice: { metric: 'eval_f1', value: 3 } }), 'other_metric'],
  ['no value', { ...live(3), choice: { ...choice, value: NaN } }, 'no_value'],
] as const)('better than what is live: %s', (_, given, reason) => {
  const [check] = checkConditions({ better_than_live: true }, given)
  expect(check).toMatchObject({ reason, passes: reason === null })
  expect(conditionText(check!)).not.toBe('')
})

test('what is within the noise is told with the value that would pass', () => {
  expect(outcome({ better_than_live: true }, live(2.05))[1]).toBe(
    'eval_loss 2 is within the noise (±0.13) of 2.05, which is live there. It must be lower than 1.925.',
  )
  const unknown = { ...live(2.05), choice: { ...choice, noise: null } }
  expect(outcome({ better_than_live: true }, unknown)[0]).toBe(true)
})

test('a test set counts if a metric of it has a finite value', () => {
  const values = { mmlu_pro: 0.3, 'mmlu/acc': 0.6, 'arc/acc': NaN, gsm8kplus: 1 }
  const given = { ...facts, values }
  const [check] = checkConditions({ scored_on: 'mmlu' }, given)
  expect(check).toMatchObject({ passes: true, metrics: ['mmlu/acc', 'mmlu_pro'] })
  expect(outcome({ scored_on: 'arc' }, given)[0]).toBe(false)
  expect(outcome({ scored_on: 'gsm8k' }, given)[0]).toBe(false)
  expect(outcome({ scored_on: 'mm' }, given)[0]).toBe(false)
})
