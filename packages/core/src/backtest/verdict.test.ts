import { expect, test } from 'vitest'
import type { Coefficients } from '../selection/policyOptions.ts'
import type { BesideBaseline, PolicyFigures } from './figures.ts'
import { verdict } from './verdict.ts'

const COEFFICIENTS: Coefficients = { eval_loss: 1, age: 0.5 }

const beside = (baseline: string, given: Partial<BesideBaseline> = {}): BesideBaseline => ({
  ...{ baseline, runs: 12, mean_regret: 0.25, difference: -0.125, interval: [-0.2, -0.05] },
  ...given,
})

const figures = (given: Partial<PolicyFigures> = {}): PolicyFigures => ({
  ...{ policy: 'scored', kind: 'policy', runs: 12, groups: 6 },
  ...{ mean_regret: 0.125, median_regret: 0.1, interval: [0.1, 0.2], exact_share: 0.5 },
  ...{ saw_target: 0, beside: [beside('last'), beside('lowest eval_loss')] },
  ...given,
})

const verdictOf = (...policies: PolicyFigures[]) => verdict(policies, COEFFICIENTS)

/** The verdict if the comparison with one of two baselines is replaced. */
const besideLowest = (given: Partial<BesideBaseline>) =>
  verdictOf(figures({ beside: [beside('last'), beside('lowest eval_loss', given)] }))

test('scored is recommended if it is better than both baselines by more than noise', () => {
  expect(verdictOf(figures())).toEqual({
    ...{ recommended: true, held_out_regret: 0.125, coefficients: COEFFICIENTS },
    text:
      'Policy scored is recommended. With one group held out at a time, its mean regret is 0.125 over ' +
      '12 runs of 6 groups (last: 0.250, lowest eval_loss: 0.250). ' +
      'It is better than last by 0.125 (95 % −0.200 to −0.050). ' +
      'It is better than lowest eval_loss by 0.125 (95 % −0.200 to −0.050).',
  })
})

test.each<[string, Partial<BesideBaseline>]>([
  ['reaches zero', { interval: [-0.2, 0] }],
  ['goes beyond zero', { interval: [-0.2, 0.1] }],
  ['cannot be told', { interval: null }],
  ['is below zero, but the mean is not', { difference: 0, interval: [-0.2, -0.1] }],
  ['is that of another baseline', { baseline: 'another' }],
])('scored is not recommended where its interval beside one baseline %s', (_, given) => {
  const { recommended, text } = besideLowest(given)
  expect(recommended).toBe(false)
  expect(text).toMatch(/^Policy scored is not recommended\. With one group held out/)
})

test('a difference is called better, worse or equal, and noise if the interval contains zero', () => {
  const verdictOf = (given: Partial<BesideBaseline>) =>
    /It is \S+(?: better)? than lowest eval_loss.*$/.exec(besideLowest(given).text)?.[0]
  const noise = ', within the noise'
  const expected = (word: string, by: string, spread: string) =>
    `It is ${word} than lowest eval_loss by ${by}${spread}.`
  expect(verdictOf({ difference: 0.5, interval: [0.25, 0.75] })).toBe(
    expected('worse', '0.500', ' (95 % +0.250 to +0.750)'),
  )
  expect(verdictOf({ difference: 0.5, interval: [0, 0.75] })).toBe(
    expected('worse', '0.500', ` (95 % +0.000 to +0.750${noise})`),
  )
  expect(verdictOf({ difference: -0.5, interval: [-0.75, 0] })).toBe(
    expected('better', '0.500', ` (95 % −0.750 to +0.000${noise})`),
  )
  expect(verdictOf({ difference: 0, interval: null })).toBe(expected('no better', '0.000', ''))
})

test('fewer than six groups recommend nothing, even with good figures', () => {
  const needs = (there: string) =>
    `Policy scored is not recommended. It needs finished runs of at least 6 groups, and there ${there}.`
  const few = verdictOf(figures({ groups: 5 }), figures({ policy: 'metric', groups: 4 }))
  expect(few).toMatchObject({ recommended: false, held_out_regret: 0.125, text: needs('are 5') })
  expect(verdictOf(figures({ groups: 1 })).text).toBe(needs('is 1'))
  const none = { recommended: false, held_out_regret: null }
  expect(verdictOf()).toMatchObject({ ...none, text: needs('are 0') })
  expect(verdictOf(figures({ policy: 'metric' }))).toMatchObject({ ...none, text: needs('are 6') })
  const unknown = verdictOf(figures({ mean_regret: null }))
  expect(unknown).toMatchObject({ ...none, text: needs('are 6') })
})
