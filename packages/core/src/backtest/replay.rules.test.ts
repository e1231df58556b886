import { expect, test } from 'vitest'
import type { Measured } from '../measured.ts'
import { backtest } from './backtest.ts'
import { regretOf, replayOf } from './replay.ts'
import { aRun, curves } from './testing.ts'

const OPTIONS = { target: 'accuracy', at_least: 2 }

const replayed = (losses: readonly Measured[], accuracies: readonly Measured[]) =>
  replayOf(aRun('run', 'a', curves(losses, accuracies)), OPTIONS)

test('the lowest value is the best of a target that is minimised', () => {
  const values = [4, 1, 2].map((eval_wer, index) => ({ eval_loss: index, eval_wer }))
  expect(replayOf(aRun('run', 'a', values), { ...OPTIONS, target: 'wer' })).toMatchObject({
    ...{ direction: 'min', best: 1, worst: 4 },
  })
})

test('a regret is a share of the range, also of a range above the largest double', () => {
  const wide = { best: 1.5e308, worst: -1.5e308 }
  expect([1.5e308, 0, -1.5e308].map((value) => regretOf(wide, value))).toEqual([0, 0.5, 1])
  const narrow = { best: 1.5e308, worst: 1.25e308 }
  expect(regretOf(narrow, 1.25e308)).toBe(1)
})

test('only evaluations with a finite target are candidates', () => {
  expect(replayed([4, 3, 2, 1], [0.1, NaN, 0.3, null])).toMatchObject({
    candidates: [
      { attempt: 0, step: 100, value: 0.1 },
      { attempt: 0, step: 300, value: 0.3 },
    ],
  })
})

test('a run is replayed if one candidate has a finite loss, and skipped by name if none has', () => {
  expect(replayed([NaN, 3, null], [0.1, 0.2, 0.3])).toMatchObject({ loss: 'eval_loss' })
  expect(replayed([NaN, null, 1], [0.1, 0.2, null])).toEqual({
    ...{ name: 'run', group: 'a', code: 'no_loss' },
    why: 'the run has no evaluation loss that can decide',
  })
})

test('runs without an evaluation are skipped for that reason, and not as copies of each other', () => {
  const runs = [aRun('one', 'a', []), aRun('two', 'a', [])]
  expect(backtest(runs, OPTIONS).skipped.map(({ code }) => code)).toEqual([
    'no_evaluation',
    'no_evaluation',
  ])
})
