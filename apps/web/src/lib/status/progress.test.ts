import { expect, test } from 'vitest'
import { aStatus } from '../testing.ts'
import { noBestWords, sinceWords } from './progress.ts'

test('a job without a best does not say when its best was, and says why it has none', () => {
  expect(sinceWords(aStatus())).toBe('3 evals ago')
  expect(sinceWords(aStatus({ best_step: null }))).toBe('')
  expect(noBestWords(aStatus({ best_step: null }))).toBe('no usable checkpoint')
  const waiting = aStatus({ best_step: null, evaluations_without_improvement: null })
  expect([sinceWords(waiting), noBestWords(waiting)]).toEqual(['', '–'])
})
