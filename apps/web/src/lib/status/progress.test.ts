import { expect, test } from 'vitest'
import { aStatus } from '../testing.ts'
import { noBestWords, progressWords, sinceWords } from './progress.ts'

test('a job without a best does not say when its best was, and says why it has none', () => {
  expect(sinceWords(aStatus())).toBe('3 evals ago')
  expect(sinceWords(aStatus({ best_step: null }))).toBe('')
  expect(noBestWords(aStatus({ best_step: null }))).toBe('no usable checkpoint')
  const waiting = aStatus({ best_step: null, evaluations_without_improvement: null })
  expect([sinceWords(waiting), noBestWords(waiting)]).toEqual(['', '–'])
})

test('a job that stopped or failed before its first step says so', () => {
  const words = (status: 'stopped' | 'failed', current_step: number | null) =>
    progressWords(aStatus({ status, current_step, error: null }))
  expect(words('stopped', null)).toBe('stopped before its first step')
  expect(words('stopped', 7)).toBe('stopped at step 7')
  expect(words('failed', null)).toBe('failed before its first step')
})
