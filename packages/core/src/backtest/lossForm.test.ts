import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import { isLossInForm } from './lossForm.ts'

const LOSSES = [3, 1, 2, 2.5]

/** Whether a target of these values is the loss in another form. */
function isForm(target: string, values: readonly number[], losses: readonly number[] = LOSSES) {
  const rows = values.map((value, index) => {
    return [index, { eval_loss: losses[index] ?? NaN, [target]: value }] as const
  })
  return isLossInForm(target, 'eval_loss', evaluations(...rows))
}

test('the loss itself is one of its forms, on any set', () => {
  expect(isLossInForm('eval_loss', 'eval_loss', [])).toBe(true)
})

test('the same curve in another unit, and its exponential, are the loss, with any name of the set', () => {
  expect(
    isForm(
      'eval_books_bpb',
      LOSSES.map((loss) => 2 * loss),
    ),
  ).toBe(true)
  expect(isForm('eval_books_perplexity', LOSSES.map(Math.exp))).toBe(true)
  expect(isForm('eval_books_perplexity', [9, 1, 2, 3])).toBe(false)
})

test('over one evaluation set the same order of the candidates is enough', () => {
  expect(isForm('eval_ppl', [9, 1, 2, 3])).toBe(true)
  expect(isForm('eval_ppl', [9, 1, 3, 2])).toBe(false)
  expect(isForm('test_ppl', [9, 1, 2, 3])).toBe(false)
})

test('candidates that are equal in the loss may be in any order', () => {
  expect(isForm('eval_ppl', [7.4, 7.3, 1, 9], [2, 2, 1, 3])).toBe(true)
  expect(isForm('eval_ppl', [7.3, 7.4, 1, 9], [2, 2, 1, 3])).toBe(true)
})

test('a metric that was never measured together with the loss is not a form of it', () => {
  expect(isForm('eval_ppl', [1, 2, 3], [])).toBe(false)
})

test('a name with two words for a loss is a loss over the same set', () => {
  expect(isForm('eval_nll_loss', [9, 1, 2, 3])).toBe(true)
  expect(isForm('eval_books_nll_loss', [9, 1, 2, 3])).toBe(false)
})
