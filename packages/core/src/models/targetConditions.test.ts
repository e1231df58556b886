import { expect, test } from 'vitest'
import { TargetConditions } from './targetConditions.ts'

test('conditions are read as stated; no other field and no empty name is accepted', () => {
  const value = { metric: 'eval_f1', bound: 0.5, direction: 'max' }
  const all = {
    policy: 'as_declared',
    value,
    better_than_live: true,
    scored_on: 'mmlu',
    approved: true,
  }
  expect(TargetConditions.parse(all)).toEqual(all)
  expect(TargetConditions.parse({})).toEqual({})
  for (const wrong of [
    { better_than_live: false },
    { scored_on: '' },
    { approved: false },
    { value: { ...value, metric: '' } },
    { value: { ...value, least: 1 } },
    { unknown: 1 },
  ]) {
    expect(TargetConditions.safeParse(wrong).success).toBe(false)
  }
})
