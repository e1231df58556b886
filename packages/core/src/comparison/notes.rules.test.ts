import { expect, test } from 'vitest'
import { checkpoints, evaluations } from '../selection/testing.ts'
import type { RunToCompare } from './comparison.ts'
import { compare, run, sampled } from './testing.ts'

/** All notes of a comparison. */
const notes = (...runs: RunToCompare[]) => compare(...runs).notes

const NOISE = 'The noise is unknown, so small differences may mean nothing.'
const unknown = (whose: string) =>
  `It is unknown on which data ${whose} were evaluated. They are compared because the metric has the same name.`

test('one run alone has no note, since nothing is compared', () => {
  expect(notes(run('only', [[10, 2]]))).toEqual([])
  expect(notes()).toEqual([])
})

test('unknown data and unknown noise of compared runs are noted', () => {
  expect(notes(run('a', [[10, 2]]), run('b', [[10, 1]]))).toEqual([
    { code: 'data_unknown', text: unknown('the runs'), job_ids: ['id-b', 'id-a'] },
    { code: 'noise_unknown', text: NOISE, job_ids: ['id-b', 'id-a'] },
  ])
  expect(notes(sampled('a', 100, 2), sampled('b', 100, 3), sampled('c', null, 4))).toEqual([
    { code: 'data_unknown', text: unknown('1 of the runs'), job_ids: ['id-c'] },
    { code: 'noise_unknown', text: NOISE, job_ids: ['id-a', 'id-b', 'id-c'] },
  ])
})

test('runs with other metrics or data are noted, each in its own group', () => {
  const f1 = run('f1', [[10, { eval_f1: 0.5 }]])
  expect(notes(run('a', [[10, 2]]), f1)).toEqual([
    {
      code: 'different_metrics',
      text: 'The runs are decided by different metrics: highest eval_f1 and lowest eval_loss.',
      job_ids: ['id-f1', 'id-a'],
    },
  ])
  expect(notes(sampled('a', 100, 2), sampled('b', 50, 2))).toEqual([
    {
      code: 'different_data',
      text: 'The runs were evaluated on different data: they differ in samples.',
      job_ids: ['id-a', 'id-b'],
    },
  ])
})

test('a missed best is noted only if it is better than the best of its group', () => {
  const missing = (loss: number) =>
    run('m', [], {
      input: { evaluations: evaluations([10, 3], [20, loss]), checkpoints: checkpoints(10) },
    })
  const missed = (loss: number) =>
    notes(missing(loss), run('saved', [[10, 2]])).filter(({ code }) => code === 'missed_best')
  expect(missed(1.5).map(({ job_ids }) => job_ids)).toEqual([['id-m']])
  expect(missed(2)).toEqual([])
  expect(missed(2.5)).toEqual([])
})

test('runs without a best are noted only beside runs that have one', () => {
  const [a, b] = [run('a', [[10, NaN]]), run('b', [[10, NaN]])]
  expect(notes(b, a)).toEqual([])
  expect(notes(b, a, run('c', [[10, 1]]))).toEqual([
    {
      code: 'no_best',
      text: 'a and b have no checkpoint that can be chosen.',
      job_ids: ['id-a', 'id-b'],
    },
  ])
})

test('active runs are noted: up to four by name', () => {
  const active = (count: number) => {
    const runs = Array.from({ length: count }, (_, at) => run(`r${at}`, [], { alive: true }))
    return notes(...runs).map(({ text }) => text)
  }
  expect(active(1)).toEqual(['r0 is still running, so this may change.'])
  expect(active(4)).toEqual(['r0, r1, r2 and r3 are still running, so this may change.'])
  expect(active(5)).toEqual(['5 runs are still running, so this may change.'])
})
