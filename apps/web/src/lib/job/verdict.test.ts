import { expect, test } from 'vitest'
import type { CheckpointList, CheckpointRow } from '../api.ts'
import { standingSentences } from './verdict.ts'

type Known = Partial<Pick<CheckpointRow, 'values' | 'is_best'>>

function told(since: number | null, rows: Record<number, Known>, opinion: string | null = null) {
  const checkpoints = Object.entries(rows).map(([step, row]) => ({
    step: Number(step),
    values: {},
    is_best: false,
    ...row,
  }))
  const second_opinion = opinion && { text: opinion }
  const list = { checkpoints, selection: { best: {}, second_opinion }, explanation: { notes: [] } }
  // Only what the sentences are made of is there.
  const [status, decided] = [{ evaluations_without_improvement: since }, list] as unknown as [
    Parameters<typeof standingSentences>[0],
    CheckpointList,
  ]
  return standingSentences(status, decided)
}

test('nothing is said while the latest evaluation is the best', () => {
  expect(told(0, {})).toEqual([])
  expect(told(null, {})).toEqual([])
})

test('the second opinion and the wait are said', () => {
  expect(told(1, {}, 'The trainer agrees.')).toEqual([
    'The trainer agrees.',
    'No improvement in the last evaluation.',
  ])
})

test('what a test split says of best and last is said in the order of their steps', () => {
  const rows = {
    500: { values: { eval_loss: 2.2, test_loss: 2.31 }, is_best: true },
    600: { values: { eval_loss: 2.4 } },
    1100: { values: { test_loss: NaN } },
  }
  expect(told(0, rows)).toEqual([
    'Test set, not used for the choice (test_loss): step 500 (best) 2.310; step 1,100 NaN.',
  ])
})
