import { expect, test } from 'vitest'
import type { Measured } from '../measured.ts'
import { policyPicks, scoredIndex } from './picks.ts'
import { replayOf, type BacktestRun, type Replay } from './replay.ts'
import { aRun, curves } from './testing.ts'

const ACCURACIES = [0.1, 0.2, 0.3, 0.4]

function replayed(run: BacktestRun): Replay {
  const found = replayOf(run, { target: 'accuracy', at_least: 4 })
  if ('code' in found) throw new Error(found.why)
  return found
}

/** The picks of a run by policy. */
function picksOf(run: BacktestRun, metric?: string) {
  return new Map(policyPicks(replayed(run), metric).map((pick) => [pick.policy, pick]))
}

const withLosses = (...losses: Measured[]) =>
  aRun('run', 'a', curves(losses, [...ACCURACIES, 0.5, 0.6, 0.7, 0.8].slice(0, losses.length)))

test('within the noise the earliest or the latest is picked, even if another one has the lowest loss', () => {
  const noisy = withLosses(3, 2.2, 2.5, 2.1, 2.4, 2, 2.3, 2.15)
  const picks = picksOf(noisy)
  expect(picks.get('lowest_eval_loss')).toMatchObject({ step: 600 })
  expect(picks.get('within_noise earliest')).toMatchObject({ step: 200 })
  expect(picks.get('within_noise latest')).toMatchObject({ step: 800 })
})

test('policy lowest_eval_loss does not follow the declaration, and as_declared does', () => {
  const values = curves([3, 1, 2, 4], ACCURACIES).map((one, index) => ({
    ...one,
    eval_f1: index ** 2,
  }))
  const run = aRun('run', 'a', values)
  run.rows.declaration = { metric: 'eval_f1', direction: 'max', declared_by: 'a config' }
  const picks = picksOf(run)
  expect(picks.get('lowest_eval_loss')).toMatchObject({ step: 200 })
  expect(picks.get('as_declared')).toMatchObject({ step: 400, saw_target: false })
})

test('a declared metric that was never measured picks nothing', () => {
  const run = withLosses(3, 1, 2, 4)
  run.rows.declaration = { metric: 'eval_f1', direction: 'max', declared_by: 'a config' }
  const picks = picksOf(run)
  expect(picks.has('as_declared')).toBe(false)
  expect(picks.has('last')).toBe(true)
})

test('the baseline is the first of the lowest finite losses', () => {
  const lowest = (...losses: Measured[]) => picksOf(withLosses(...losses)).get('lowest eval_loss')
  expect(lowest(3, 1, 1, 4)).toMatchObject({ step: 200 })
  expect(lowest(NaN, 3, -Infinity, 2)).toMatchObject({ step: 400 })
  expect(lowest(Infinity, null, 3, 4)).toMatchObject({ step: 300 })
})

test('a chosen metric is the one over all classes, or its held-out split', () => {
  const values = curves([3, 1, 2, 4], ACCURACIES).map((one, index) => ({
    ...{ ...one, test_bleu: -index, eval_bleu: [0, 3, 2, 1][index]! },
    ...{ eval_A_f1: -index, eval_B_f1: -index, eval_overall_f1: [0, 1, 3, 2][index]! },
  }))
  const run = aRun('run', 'a', values)
  expect(picksOf(run, 'f1').get('metric')).toMatchObject({ step: 300 })
  expect(picksOf(run, 'bleu').get('metric')).toMatchObject({ step: 200 })
})

test('a pick is the checkpoint of its attempt, also if another has the same step', () => {
  const run = withLosses(3, 2.5, 2, 1)
  run.rows.evaluations = run.rows.evaluations.map((one, index) => ({
    ...{ ...one, step: 100 * (1 + (index >> 1)), attempt: index % 2 },
  }))
  expect(picksOf(run).get('lowest_eval_loss')).toMatchObject({ step: 200, attempt: 1, value: 0.4 })
})

test('if scores are equal, the first is picked', () => {
  const replay = replayed(withLosses(3, 1, 1, 4))
  expect(scoredIndex(replay, { eval_loss: 1 })).toBe(1)
})
