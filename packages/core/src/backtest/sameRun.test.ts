import { expect, test } from 'vitest'
import { sameRuns } from './sameRun.ts'
import { aRun } from './testing.ts'

test('another order of the metrics in the files does not make another run', () => {
  const run = aRun('run', 'a', [{ eval_loss: 2, eval_f1: 0.5 }])
  const other = aRun('other', 'b', [{ eval_f1: 0.5, eval_loss: 2 }])
  expect(sameRuns([run, other])).toEqual(new Map([[other, run]]))
})

test('a metric that is first measured later does not change the beginning of a run', () => {
  const begun = aRun('checkpoint-100', 'a', [{ eval_loss: 2 }])
  const whole = aRun('run', 'a', [{ eval_loss: 2 }, { eval_loss: 1, eval_f1: 0.5 }])
  expect(sameRuns([begun, whole])).toEqual(new Map([[begun, whole]]))
})

test('runs that differ in one value are two runs', () => {
  const runs = [0.5, 0.6].map((eval_f1) => aRun('run', 'a', [{ eval_loss: 2, eval_f1 }]))
  expect(sameRuns(runs).size).toBe(0)
})
