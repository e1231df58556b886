import { expect, test } from 'vitest'
import { backtest } from './backtest.ts'
import { targetWords } from './target.ts'
import { aRun, curves } from './testing.ts'
import { distinctPolicies } from './twins.ts'

const LOSSES = [3, 1, 2, 2.5]
/** The last checkpoint is the best, the lowest loss is in the middle. */
const lastIsBest = curves(LOSSES, [0.4, 0.6, 0.7, 0.8])
/** The lowest loss is the best, the last checkpoint is the worst. */
const lossIsBest = curves(LOSSES, [0.7, 0.8, 0.6, 0.4])

const textOf = (...runs: Parameters<typeof backtest>[0]) => {
  return backtest(runs, { target: 'accuracy', unreadable: [] }).text
}

test('the text names the lowest mean regret first, then the other baselines', () => {
  expect(textOf(aRun('run', 'a', lastIsBest))).toBe(
    'Over 1 run of 1 group, regret is measured by accuracy. last has the lowest mean regret, ' +
      '0.000; lowest_eval_loss has 0.500.',
  )
  expect(textOf(aRun('run', 'a', lossIsBest))).toBe(
    'Over 1 run of 1 group, regret is measured by accuracy. as_declared, lowest_eval_loss, ' +
      'within_noise earliest and within_noise latest share the lowest mean regret, 0.000; last has 1.000.',
  )
})

test('the text has the intervals of several groups and counts the skipped runs', () => {
  const runs = [aRun('one', 'a', lastIsBest), aRun('two', 'b', lossIsBest)]
  const third = aRun('three', 'b', curves([5, ...LOSSES], [0.4, 0.6, 0.7, 0.8, 0.9]))
  const text = textOf(...runs, third, aRun('empty', 'c', []), aRun('also empty', 'c', []))
  expect(text).toMatch(
    /^Over 3 runs of 2 groups, regret is measured by accuracy\. .* the lowest mean regret, 0\.\d{3}; last has 0\.\d{3} \(95 % \d\.\d{3} to \d\.\d{3}\)\. /,
  )
  expect(text).toMatch(/\. 2 runs were skipped\.$/)
})

test('a policy that saw the target, or chose in fewer runs, is not called the best', () => {
  const declared = aRun('run', 'a', lossIsBest)
  declared.rows.declaration = { metric: 'accuracy', direction: 'max', declared_by: 'a config' }
  // Policy `metric` finds a task metric in the second run only, and picks the best there.
  const twice = lastIsBest.map((one, index) => ({ ...one, eval_f1: index ** 2 }))
  const { policies, text } = backtest([declared, aRun('other', 'b', twice)], { target: 'accuracy' })
  expect(policies.find(({ policy }) => policy === 'as_declared')).toMatchObject({ saw_target: 1 })
  expect(policies.find(({ policy }) => policy === 'metric')).toMatchObject({
    ...{ runs: 1, mean_regret: 0 },
  })
  expect(text).toBe(
    'Over 2 runs of 2 groups, regret is measured by accuracy. lowest_eval_loss, within_noise ' +
      'earliest and within_noise latest share the lowest mean regret, 0.250; last has 0.500 ' +
      '(95 % 0.000 to 1.000). metric has 0.000, but it could choose in only 1 of 2 runs.',
  )
})

test('if every run is skipped, the text counts them', () => {
  expect(textOf(aRun('run', 'a', []))).toBe(
    'No run can be replayed against accuracy. 1 run was skipped.',
  )
})

test('runs are counted in groups, and listed by group and name', () => {
  const runs = [
    ['b', 'x'],
    ['a', 'z'],
    ['a', 'y'],
    ['b', 'w'],
    ['a', 'x'],
  ] as const
  const all = runs.map(([group, name], index) => {
    return aRun(name, group, curves([...LOSSES, index], [0.4, 0.6, 0.7, 0.8, 0.5]))
  })
  const { groups, replayed } = backtest(all, { target: 'accuracy' })
  expect(groups).toBe(2)
  expect(replayed.map(({ group, name }) => group + name)).toEqual(['ax', 'ay', 'az', 'bw', 'bx'])
})

test('a target in words: `task` stands for the metric of each run', () => {
  expect(targetWords('task')).toBe("each run's own task metric")
  expect(targetWords('eval_f1, task')).toBe("eval_f1, else each run's own task metric")
})

test('the baseline of the lowest loss and its policy are one row if they always pick the same', () => {
  const same = backtest([aRun('run', 'a', lastIsBest)], { target: 'accuracy' })
  const names = distinctPolicies(same).map(({ policy, kind }) => `${policy} ${kind}`)
  expect(names).toContain('lowest_eval_loss baseline')
  expect(names).not.toContain('lowest eval_loss baseline')
  const one = distinctPolicies(same).find(({ policy }) => policy === 'lowest_eval_loss')
  expect(one?.beside.map(({ baseline }) => baseline)).toEqual(['last'])
  const replayed = same.replayed.map((run) => ({
    ...run,
    picks: run.picks.filter(({ policy }) => policy !== 'lowest_eval_loss'),
  }))
  expect(distinctPolicies({ ...same, replayed })).toEqual(same.policies)
})

test('without a worse baseline the text ends with the best; two baselines are joined', () => {
  expect(textOf(aRun('run', 'a', curves([4, 3, 2, 1], [0.4, 0.6, 0.7, 0.8])))).toMatch(
    / share the lowest mean regret, 0\.000\.$/,
  )
  expect(textOf(aRun('run', 'a', withColumn('eval_f1')))).toBe(
    'Over 1 run of 1 group, regret is measured by accuracy. metric has the lowest mean regret, ' +
      '0.000; last has 0.250 and lowest_eval_loss has 0.500.',
  )
})

/** A run whose best is in the middle, where this metric is the highest. */
function withColumn(metric: string, losses = LOSSES) {
  const highest = [0.1, 0.5, 0.9, 0.6]
  const rows = curves(losses, [0.4, 0.6, 0.8, 0.7])
  return rows.map((one, index) => ({ ...one, [metric]: highest[index] ?? null }))
}

test('policies with less regret than the best are listed, each with why they are not the best', () => {
  const declaring = (name: string, metric: string) => {
    // Equal losses would be the same run.
    const losses = LOSSES.map((loss) => loss + name.length)
    const logged = metric === 'accuracy' ? 'eval_zorp' : metric
    const run = aRun(name, 'a', withColumn(logged, losses))
    run.rows.declaration = { metric, direction: 'max', declared_by: 'a config' }
    return run
  }
  const runs = [
    declaring('a run', 'accuracy'),
    declaring('another', 'eval_zorp'),
    declaring('one more run', 'eval_f1'),
  ]
  expect(textOf(...runs)).toMatch(
    / as_declared has 0\.000, but it used the target itself in 1 of 3 runs\. metric has 0\.000, but it could choose in only 1 of 3 runs\.$/,
  )
})
