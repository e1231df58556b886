import { expect, test } from 'vitest'
import { backtest } from './backtest.ts'
import { aRun, curves } from './testing.ts'

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
    'Over 1 run of 1 group, with target accuracy, last has the lowest mean regret, 0.000; ' +
      'lowest eval_loss has 0.500.',
  )
  expect(textOf(aRun('run', 'a', lossIsBest))).toBe(
    'Over 1 run of 1 group, with target accuracy, as_declared has the lowest mean regret, 0.000; ' +
      'lowest eval_loss has 0.000 and last has 1.000.',
  )
})

test('the text has the intervals of several groups and counts the skipped runs', () => {
  const runs = [aRun('one', 'a', lastIsBest), aRun('two', 'b', lossIsBest)]
  const third = aRun('three', 'b', curves([5, ...LOSSES], [0.4, 0.6, 0.7, 0.8, 0.9]))
  const text = textOf(...runs, third, aRun('empty', 'c', []), aRun('also empty', 'c', []))
  expect(text).toMatch(
    /^Over 3 runs of 2 groups, with target accuracy, \S+ has the lowest mean regret, 0\.\d{3} \(95 % \d\.\d{3} to \d\.\d{3}\); /,
  )
  expect(text).toMatch(/; 2 were skipped\.$/)
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
  expect(text).toMatch(/lowest_eval_loss has the lowest mean regret, 0\.250/)
})

test('if every run is skipped, the text counts them', () => {
  expect(textOf(aRun('run', 'a', []))).toBe(
    'No run can be replayed against accuracy; 1 were skipped.',
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
