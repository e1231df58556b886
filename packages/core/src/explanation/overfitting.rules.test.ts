import { expect, test } from 'vitest'
import type { RunContext } from '../run/context.ts'
import type { Measured } from '../measured.ts'
import { evaluations } from '../selection/testing.ts'
import { lossPoints } from './curve.ts'
import { explained, losses, toneOf } from './testing.ts'

const FALLING: RunContext = { trainLoss: ({ step }) => 1000 / step }

const onset = (values: readonly Measured[], context = FALLING) =>
  explained({ evaluations: losses(values) }, context).loss_turn?.step ?? null

test('overfitting is noted from the third evaluation after the lowest', () => {
  expect(onset([3, 1, 2, 2])).toBeNull()
  expect(onset([3, 1, 2, 2, 2])).toBe(200)
})

test('the lowest evaluation may be the first, and of equal ones it is the first', () => {
  expect(onset([1, 2, 2, 2], { trainLoss: ({ step }) => 1000 / step })).toBe(100)
  expect(onset([3, 1, 1, 2, 2])).toBe(200)
})

test('a rise is overfitting only if the last loss is in the upper half of the rise', () => {
  expect(onset([3, 1, 2, 3, 2])).toBe(200)
  expect(onset([3, 1, 2, 3, 1.9])).toBeNull()
  expect(onset([3, 1, 1, 1, 1])).toBeNull()
  expect(onset([3, 1, 2, NaN, 2, 2])).toBe(200)
})

test('overfitting needs a training loss whose last three values still fell after the lowest', () => {
  const trained = (values: readonly Measured[]): RunContext => ({
    trainLoss: ({ step }) => values[step / 100 - 1] ?? null,
  })
  const curve = [3, 1, 2, 2, 2]
  expect(onset(curve, trained([9, 8, 7, 6, 5]))).toBe(200)
  expect(onset(curve, trained([9, 8, 9, 8, 9]))).toBeNull()
  expect(onset(curve, trained([2, 2, 2, 2, 2]))).toBeNull()
  expect(onset(curve, trained([1, 9, 5, 5, 4.9]))).toBe(200)
  expect(onset(curve, trained([9, 1, 5, 5, 5.1]))).toBeNull()
  expect(onset(curve, trained([9, 1, 5, 5, 4.9]))).toBe(200)
  expect(onset(curve, trained([null, null, 7, 6, 5]))).toBeNull()
  expect(onset(curve, trained([9, 8, 7, NaN, 5]))).toBe(200)
  expect(onset([5, 4, 3, 1, 2, 2, 2], trained([100, 5, 5, 5, 6, 6, 6]))).toBeNull()
  expect(onset(curve, {})).toBeNull()
})

test('the curve comes from the attempt of the choice, otherwise from the last attempt', () => {
  const first = losses([3, 1, 2, 2, 2])
  const second = losses([4, 4, 4, 4, 4]).map((row) => ({ ...row, attempt: 1 }))
  expect(explained({ evaluations: [...first, ...second] }, FALLING).loss_turn?.step).toBe(200)
  const unsaved = { evaluations: [...first, ...second], checkpoints: [] }
  expect(explained(unsaved, FALLING).loss_turn).toBeNull()
  const turned = {
    evaluations: [
      ...second.map((row) => ({ ...row, attempt: 0 })),
      ...first.map((row) => ({ ...row, attempt: 1 })),
    ],
  }
  expect(explained({ ...turned, checkpoints: [] }, FALLING).loss_turn?.step).toBe(200)
})

test('a task metric that is best at the turn or before does not prevent the warning', () => {
  const curve = [3, 1, 2, 2, 2]
  const later = (f1: readonly number[]) =>
    explained(
      {
        evaluations: evaluations(
          ...curve.map(
            (eval_loss, index) => [100 * (index + 1), { eval_loss, eval_f1: f1[index]! }] as const,
          ),
        ),
      },
      FALLING,
    ).loss_turn?.later
  expect(later([1, 9, 1, 1, 1])).toBeNull()
  expect(later([9, 1, 1, 1, 1])).toBeNull()
  expect(later([1, 2, 9, 1, 1])).toEqual({ metric: 'eval_f1', step: 300 })
})

test('a task metric is worse if its last finite value is worse than its best, which is at the turn or before', () => {
  const curve = [3, 1, 2, 2, 2]
  const worse = (name: string, values: readonly Measured[]) =>
    explained(
      {
        evaluations: losses(curve).map((row, index) => ({
          ...row,
          values: { ...row.values, [name]: values[index]! },
        })),
      },
      FALLING,
    ).loss_turn?.worse
  expect(worse('eval_f1', [1, 9, 1, 1, 1])).toEqual({ metric: 'eval_f1', step: 200 })
  expect(worse('eval_f1', [9, 1, 1, 1, 8])).toEqual({ metric: 'eval_f1', step: 100 })
  expect(worse('eval_f1', [1, 2, 9, 1, 1])).toBeNull()
  expect(worse('eval_f1', [1, 9, 9, 9, 9])).toBeNull()
  expect(worse('eval_f1', [1, 9, 1, 9, NaN])).toBeNull()
  expect(worse('eval_f1', [NaN, NaN, NaN, NaN, NaN])).toBeNull()
  expect(worse('eval_wer', [9, 1, 2, 2, 2])).toEqual({ metric: 'eval_wer', step: 200 })
  // The other losses say the same as the loss.
  expect(worse('eval_b_loss', [9, 1, 2, 2, 2])).toBeNull()
  expect(worse('zorp', [1, 9, 1, 1, 1])).toBeNull()
})

test('another loss and a metric without a known direction do not prevent the warning', () => {
  const rows = losses([3, 1, 2, 2, 2]).map((row, index) => ({
    ...row,
    values: { ...row.values, eval_b_loss: 9 - index, zorp: index },
  }))
  expect(explained({ evaluations: rows }, FALLING).loss_turn?.later).toBeNull()
})

test('a warning of overfitting becomes a note if a task metric still improves', () => {
  expect(toneOf('overfitting', { evaluations: losses([3, 1, 2, 2, 2]) }, FALLING)).toBe('warning')
  expect(toneOf('overfitting', { evaluations: losses([3, 2, 1]) }, FALLING)).toBeNull()
})

test('a loss without a known training loss has none', () => {
  expect(lossPoints(evaluations([100, 2]), 0)).toEqual([
    { step: 100, eval_loss: 2, train_loss: null },
  ])
})
