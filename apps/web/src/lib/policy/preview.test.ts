import { explanationTable, type PolicyChoice, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import type { CheckpointRow } from '../api.ts'
import { previewOf, previewWords } from './preview.ts'

const NOTHING = { metric: null, direction: null, declared_by: null }
const CURVE = [
  [100, 0.71, 0.6],
  [200, 0.4, 0.7],
  [300, 0.5, 0.8],
] as const

/** The list as the board returns it, with the fields that a preview reads. */
function listed() {
  const origin = null
  const evaluations = CURVE.map(([step, eval_loss, eval_f1]) => {
    return { attempt: 0, step, epoch: null, values: { eval_loss, eval_f1 }, origin }
  })
  const saved = evaluations.map(({ attempt, step }) => {
    const files = { files_state: 'complete' as const, files_why: null }
    const path = `checkpoint-${step}`
    return { checkpoint_id: path, attempt, step, path, name: path, ...files }
  })
  const input = {
    ...{ policy: 'as_declared' as const, declaration: NOTHING, claim: null },
    ...{ evaluations, checkpoints: saved },
  }
  const selection = select(input)
  const rows = explanationTable(selection).map((row) => ({
    ...saved.find(({ step }) => step === row.step),
    ...evaluations.find(({ step }) => step === row.step),
    ...row,
  }))
  // Sizes, times and training losses are missing.
  const checkpoints = rows as unknown as CheckpointRow[]
  return { checkpoints, selection, next_cursor: null }
}

function words(choice: PolicyChoice): string {
  const list = listed()
  return previewWords(previewOf(list, NOTHING, choice), list.selection.best)
}

test('a preview says what a policy would choose and what is chosen now', () => {
  const f1 = { metric: 'eval_f1', direction: 'max' } as const
  expect(words({ policy: 'metric', options: f1 })).toBe(
    'It would choose step 300 (eval_f1 0.8000) instead of step 200.',
  )
  expect(words({ policy: 'lowest_eval_loss', options: {} })).toBe(
    'It would choose step 200 (eval_loss 0.4000), as now.',
  )
})

test('a metric without measurements chooses no checkpoint, and the reason says why', () => {
  const options = { metric: 'eval_bleu' }
  expect(words({ policy: 'metric', options })).toMatch(/^No checkpoint would qualify\. .*eval_bleu/)
})

test('without the data on the page there is no preview', () => {
  const { selection, ...list } = listed()
  const partial = { ...list, selection, next_cursor: 'a checkpoint' }
  const f1 = { metric: 'eval_f1', direction: 'max' } as const
  const preview = previewOf(partial, NOTHING, { policy: 'metric', options: f1 })
  expect(preview).toEqual({ isComputed: false })
  expect(words({ policy: 'scored', options: {} })).toBe(
    'The result is shown once this policy decides.',
  )
  expect(words({ policy: 'within_noise', options: { prefer: 'latest' } })).toMatch(
    /once this policy decides/,
  )
})
