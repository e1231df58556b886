import { expect, test } from 'vitest'
import { findBestRow } from './bestRow.ts'
import { emptyHistory } from './logHistory.ts'

const row = (step: number, values: Record<string, number>) => {
  return { attempt: 0, step, epoch: null, at: null, values }
}

test('a declared metric is the logged one whose name differs in its split alone', () => {
  const rows = [0.5, 0.8, 0.7].map((accuracy, index) =>
    row(index + 1, { eval_loss: index, 'eval_validation/accuracy': accuracy }),
  )
  const history = { ...emptyHistory(), rows }
  const best = { step: 2, metric: 'eval_validation/accuracy' }
  for (const declared of ['accuracy', 'validation_accuracy', 'eval_validation/accuracy'])
    expect([declared, findBestRow(history, declared)]).toEqual([declared, best])
  expect(findBestRow(history, 'bleu')).toBeUndefined()
})
