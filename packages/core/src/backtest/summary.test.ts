import { expect, test } from 'vitest'
import type { ReplayedRun } from './figures.ts'
import { summary } from './summary.ts'

/** A replayed run with the regret of each policy that chose in it. */
function replayed(group: string, regrets: Record<string, number>): ReplayedRun {
  const picks = Object.entries(regrets).map(([policy, regret]) => ({
    ...{ policy, step: 100, attempt: 0, value: 1 - regret, regret },
    ...{ is_exact: regret === 0, saw_target: policy === 'metric' },
  }))
  return {
    ...{ name: 'run', group, target: 'eval_accuracy', direction: 'max', among: 'evaluations' },
    ...{ candidates: 4, best_step: 100, best_value: 1, picks },
  }
}

const figuresOf = (policy: string, runs: readonly ReplayedRun[]) =>
  summary(runs, 1).find((one) => one.policy === policy)

test('the policies come first, scored last among them, then the two baselines', () => {
  const all = summary([], 1)
  expect(all.slice(-3).map(({ policy, kind }) => [policy, kind])).toEqual([
    ['scored', 'policy'],
    ['last', 'baseline'],
    ['lowest eval_loss', 'baseline'],
  ])
  expect(all.filter(({ kind }) => kind === 'baseline')).toHaveLength(2)
})

test('a policy that never chose has no figures', () => {
  expect(figuresOf('scored', [replayed('a', { last: 0.5 })])).toEqual({
    ...{ policy: 'scored', kind: 'policy', runs: 0, groups: 0, saw_target: 0, beside: [] },
    ...{ mean_regret: null, median_regret: null, interval: null, exact_share: null },
  })
})

test('the figures use only the runs in which a policy chose', () => {
  const runs = [0, 0.25, 0.75, 1].map((metric, index) => replayed(`${index % 3}`, { metric }))
  const all = [...runs, replayed('z', { last: 1 })]
  const expected = { runs: 4, groups: 3, mean_regret: 0.5, exact_share: 0.25, saw_target: 4 }
  expect(figuresOf('metric', all)).toMatchObject({ ...expected, median_regret: 0.5 })
  expect(figuresOf('metric', all.slice(1))).toMatchObject({ median_regret: 0.75 })
})

test('a median does not depend on the order of the runs', () => {
  const runs = [1, 0, 0.5, 0.25, 0.125].map((last) => replayed('a', { last }))
  expect(figuresOf('last', runs)).toMatchObject({ median_regret: 0.25 })
  expect(figuresOf('last', runs.slice(0, 4))).toMatchObject({ median_regret: 0.375 })
})

test('an interval stays within the range of regrets and their differences', () => {
  const runs = [
    replayed('a', { metric: 0, last: 1, 'lowest eval_loss': 0 }),
    replayed('b', { metric: 1, last: 0, 'lowest eval_loss': 1 }),
  ]
  const metric = figuresOf('metric', runs)
  expect(metric?.interval).toEqual([0, 1])
  expect(metric?.beside).toEqual([
    { baseline: 'last', runs: 2, mean_regret: 0.5, difference: 0, interval: [-1, 1] },
    { baseline: 'lowest eval_loss', runs: 2, mean_regret: 0.5, difference: 0, interval: [0, 0] },
  ])
})

test('a policy is compared over the runs in which both chose, and a baseline is not compared', () => {
  const runs = [
    replayed('a', { metric: 0.25, last: 0.75 }),
    replayed('b', { metric: 0.5, last: 0.75 }),
    replayed('c', { metric: 1 }),
    replayed('d', { last: 0 }),
  ]
  const [last, ...others] = figuresOf('metric', runs)?.beside ?? []
  expect(last).toMatchObject({ baseline: 'last', runs: 2, mean_regret: 0.75, difference: -0.375 })
  const [low, high] = last?.interval ?? [NaN, NaN]
  expect(low).toBeLessThan(-0.375)
  expect(high).toBeGreaterThan(-0.375)
  expect(others).toEqual([])
  expect(figuresOf('last', runs)?.beside).toEqual([])
})
