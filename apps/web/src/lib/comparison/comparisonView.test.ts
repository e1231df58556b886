import type { Comparison } from '@bestmark/core'
import { expect, test } from 'vitest'
import { picturesOf, runsOf, optionOfRun, sidesOf, stylesOf } from './comparisonView.ts'

/** The fields of a comparison that the view reads. */
const comparison = {
  runs: [
    { job_id: 'b', metric: 'eval_loss' },
    { job_id: 'a', metric: 'eval_loss' },
    { job_id: 'c', metric: 'eval_f1' },
    { job_id: 'd', metric: null },
  ],
  groups: [{ metric: 'eval_loss', job_ids: ['b', 'a'] }],
} as unknown as Comparison

test('a run keeps its line style when the ranking changes', () => {
  const before = stylesOf(comparison, [])
  const after = stylesOf({ ...comparison, runs: comparison.runs.toReversed() }, [])
  expect([...after]).toEqual([...before])
  expect([...stylesOf(comparison, ['c', 'a']).keys()]).toEqual(['c', 'a'])
})

test('each metric that decides has a picture of its runs, unless one metric is requested', () => {
  const shown = (metric: string | null) =>
    picturesOf(comparison, metric).map(({ metric, runs }) => [metric, runs.length])
  expect(shown(null)).toEqual([
    ['eval_loss', 2],
    ['eval_f1', 1],
  ])
  expect(shown('eval_x')).toEqual([['eval_x', 4]])
})

test('a group has its runs in the order of the ranking', () => {
  const [group] = comparison.groups
  expect(group && runsOf(comparison, group).map(({ job_id }) => job_id)).toEqual(['b', 'a'])
})

test('the best and the next are side by side, unless others are requested', () => {
  const ids = (sides: [string, string] | null) =>
    sidesOf(comparison, sides)?.map(({ job_id }) => job_id)
  expect(ids(null)).toEqual(['b', 'a'])
  expect(ids(['c', 'a'])).toEqual(['c', 'a'])
  expect(ids(['c', 'gone'])).toEqual(['c', 'a'])
  expect(sidesOf({ ...comparison, runs: comparison.runs.slice(0, 1) }, null)).toBeNull()
})

test('the value of an option is shown as text, and so is a missing one', () => {
  const option = { name: 'lr', values: { a: 0.1 } }
  expect([optionOfRun(option, 'a'), optionOfRun(option, 'b')]).toEqual(['0.1', '–'])
})
