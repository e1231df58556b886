import fc from 'fast-check'
import { expect, test } from 'vitest'
import { featuresOf, isLossLike, scoreOf } from './score.ts'
import { evaluations } from './testing.ts'

const run = evaluations(
  [100, { eval_loss: 4, eval_f1: 0.2 }],
  [200, { eval_loss: 2, eval_f1: 0.6 }],
  [300, { eval_loss: 3, eval_f1: 1 }],
)

test('every feature is 0 for the best candidate of a run and 1 for its worst', () => {
  const trained = new Map([100, 200, 300].map((step, index) => [step, [3, 1.5, 1][index] ?? NaN]))
  const trainLoss = ({ step }: { step: number }) => trained.get(step) ?? null
  const features = featuresOf({ candidates: run, evaluations: run, trainLoss })
  expect(features.map(({ eval_loss }) => eval_loss)).toEqual([1, 0, 0.5])
  expect(features.map(({ smoothed_loss }) => smoothed_loss)).toEqual([1, 0, 0])
  expect(features.map(({ loss_gap }) => loss_gap)).toEqual([1 / 3, 0, 1].map(nine))
  expect(features.map(({ age }) => age)).toEqual([1, 0.5, 0])
  expect(features.map(({ task_metrics }) => task_metrics)).toEqual([1, 0.5, 0])
})

function nine(value: number): number {
  return Math.round(1e9 * value) / 1e9
}

test('a feature that is constant or unknown in a run counts as 0.5', () => {
  const flat = evaluations([100, 1], [200, 1])
  for (const features of featuresOf({ candidates: flat, evaluations: flat })) {
    expect(features).toMatchObject({ eval_loss: 0.5, loss_gap: 0.5, task_metrics: 0.5 })
  }
})

test('a missing or non-finite value is never the best', () => {
  const broken = evaluations([100, 2], [200, NaN], [300, null], [400, -Infinity], [500, 1])
  const features = featuresOf({ candidates: broken, evaluations: broken })
  expect(features.map(({ eval_loss }) => eval_loss)).toEqual([1, 1, 1, 1, 0])
})

test('hidden metrics, losses, rates and standard errors are not used', () => {
  const rows = evaluations(
    [100, { eval_loss: 1, eval_f1: 0, eval_f1_stderr: 1, eval_b_loss: 5, eval_runtime: 9 }],
    [200, { eval_loss: 1, eval_f1: 1, eval_f1_stderr: 2, eval_b_loss: 4, eval_runtime: 8 }],
  )
  const features = featuresOf({ candidates: rows, evaluations: rows, hidden: ['eval_f1'] })
  expect(features.map(({ task_metrics }) => task_metrics)).toEqual([0.5, 0.5])
})

test('a test split is not used', () => {
  const rows = evaluations([100, { eval_loss: 1, test_f1: 0 }], [200, { eval_loss: 1, test_f1: 1 }])
  const features = featuresOf({ candidates: rows, evaluations: rows })
  expect(features.map(({ task_metrics }) => task_metrics)).toEqual([0.5, 0.5])
})

test('one loss of one evaluation set replaces eval_loss', () => {
  const rows = evaluations([100, { eval_books_loss: 2 }], [200, { eval_books_loss: 1 }])
  const features = featuresOf({ candidates: rows, evaluations: rows })
  expect(features.map(({ eval_loss }) => eval_loss)).toEqual([1, 0])
})

test('a loss is smoothed within its attempt', () => {
  const rows = evaluations([100, 1], [100, { eval_loss: 9 }, 1], [200, { eval_loss: 9 }, 1])
  const features = featuresOf({ candidates: rows, evaluations: rows })
  expect(features.map(({ smoothed_loss }) => smoothed_loss)).toEqual([0, 1, 1])
})

test('a loss in another form is not a task metric', () => {
  const names = ['eval_loss', 'perplexity', 'eval_wiki_loss', 'val/nll', 'eval_glossary_f1']
  expect(names.filter(isLossLike)).toEqual(names.slice(0, 4))
})

test('features stay within 0 and 1 and do not change with a metric’s positive scale', () => {
  const loss = fc.oneof(
    fc.integer({ min: -1e6, max: 1e6 }),
    fc.constantFrom(NaN, Infinity, -Infinity),
  )
  const curve = fc.array(loss, { minLength: 1 })
  fc.assert(
    fc.property(curve, fc.double({ min: 0.001, max: 1000, noNaN: true }), (losses, scale) => {
      const rows = evaluations(...losses.map((loss, index) => [index, loss] as const))
      const scaled = evaluations(...losses.map((loss, index) => [index, loss * scale] as const))
      const plain = featuresOf({ candidates: rows, evaluations: rows })
      const other = featuresOf({ candidates: scaled, evaluations: scaled })
      for (const [index, features] of plain.entries()) {
        for (const value of Object.values(features)) expect(value >= 0 && value <= 1).toBe(true)
        expect(other[index]!.eval_loss).toBeCloseTo(features.eval_loss, 6)
      }
    }),
  )
})

test('a score is the weighted sum of features', () => {
  const [features] = featuresOf({ candidates: run, evaluations: run })
  expect(scoreOf(features!, { eval_loss: 2, age: 0.5 })).toBe(2.5)
  expect(scoreOf(features!, {})).toBe(0)
})
