import { expect, test } from 'vitest'
import { classParts, overallNamed, overallFirst } from './overall.ts'

test.each([
  ['a plain name', ['eval_LOC_f1', 'eval_PER_f1', 'eval_f1'], ['eval_LOC_f1', 'eval_PER_f1']],
  [
    'an overall one',
    ['eval_LOC_f1', 'eval_PER_f1', 'eval_overall_f1'],
    ['eval_LOC_f1', 'eval_PER_f1'],
  ],
  [
    'an average',
    ['cat_f1-score', 'dog_f1-score', 'macro avg_f1-score'],
    ['cat_f1-score', 'dog_f1-score'],
  ],
  ['classes behind', ['bbox/AP', 'bbox/AP-car', 'bbox/AP-van'], ['bbox/AP-car', 'bbox/AP-van']],
  ['splits mixed', ['val/f1', 'val/f1/a b', 'eval_f1_c'], ['val/f1/a b', 'eval_f1_c']],
])(
  'what is measured per class is part of the metric over all classes: %s',
  (_what, names, parts) => {
    expect([...classParts(names)]).toEqual(parts)
  },
)

test.each([
  ['no metric over all classes', ['eval_LOC_f1', 'eval_PER_f1']],
  ['one name alone is no class of many', ['eval_accuracy', 'eval_balanced_accuracy']],
  ['ways to average', ['eval_f1', 'eval_macro_f1', 'eval_micro_f1', 'eval_f1_weighted']],
  ['other metrics', ['eval_loss', 'eval_f1', 'eval_precision', 'map50']],
  ['an average of nothing named', ['eval_mean', 'eval_wer', 'eval_cer', 'eval_bleu']],
  ['words inside a word', ['eval_f1', 'eval_xf1', 'eval_f1y']],
])('nothing is a part: %s', (_what, names) => {
  expect([...classParts(names)]).toEqual([])
})

test('parts come after all other metrics, both in order of rank', () => {
  const names = ['eval_b_f1', 'eval_a_f1', 'eval_recall', 'eval_f1']
  expect(overallFirst(names, () => 0)).toEqual(['eval_recall', 'eval_f1', 'eval_b_f1', 'eval_a_f1'])
  const byName = (name: string): number => name.charCodeAt('eval_'.length)
  expect(overallFirst(names, byName)).toEqual(['eval_f1', 'eval_recall', 'eval_a_f1', 'eval_b_f1'])
})

test('a name without a class finds the metric over all classes, not that of one class', () => {
  const names = ['eval_LOC_f1', 'test_overall_f1', 'eval_overall_f1']
  expect(overallNamed(names, 'f1')).toBe('eval_overall_f1')
  expect(overallNamed(names.slice(0, 2), 'eval_f1')).toBe('test_overall_f1')
  expect(overallNamed(names.slice(0, 1), 'f1')).toBeUndefined()
})

test('the metric over all classes is named by all its other words, the held-out one first', () => {
  const names = ['eval_f1', 'test_overall_f1', 'eval_macro__f1', 'eval_overall_top_k', 'eval_topk']
  expect(overallNamed(names, 'f1')).toBe('eval_macro__f1')
  expect(overallNamed(names, 'top_k')).toBe('eval_overall_top_k')
  expect(overallNamed(names, 'topk')).toBeUndefined()
  expect(overallNamed(['eval_f1'], 'f1')).toBeUndefined()
})
