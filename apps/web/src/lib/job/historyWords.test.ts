import { expect, test } from 'vitest'
import type { HistoryEntry } from '../api.ts'
import { historyLine } from './historyWords.ts'

const started = (attempt: number, resumed_from: number | null): HistoryEntry => {
  return { kind: 'started', at: 1, attempt, resumed_from }
}

test('an attempt says whether it is new or resumed, and why it ended', () => {
  expect(historyLine(started(0, null)).what).toBe('Started')
  expect(historyLine(started(1, null)).what).toBe('Started again (attempt 2)')
  expect(historyLine(started(2, 1_500)).what).toBe('Resumed from step 1,500 (attempt 3)')
  const error = 'CUDA out of memory'
  const end = { kind: 'ended', at: 1, attempt: 0, status: 'failed', error } as const
  expect(historyLine({ ...end, end_cause: null })).toEqual({
    ...{ at: 1, what: 'Ended: failed', why: error, by: '' },
  })
  const end_cause = { code: 'node_failed', by: null, is_inferred: false } as const
  expect(historyLine({ ...end, error: null, end_cause }).why).toBe(
    'A node of its Slurm job failed.',
  )
})

test('a score has its values and the person or program that measured it', () => {
  const values = { eval_f1: 0.5, eval_em: NaN }
  expect(
    historyLine({ kind: 'scored', at: null, attempt: 0, step: 100, by: 'ana', values }),
  ).toEqual({ at: null, what: 'Scored step 100: eval_f1 0.5000, eval_em NaN', why: '', by: 'ana' })
})

test('a policy change says what it applies to and who chose it', () => {
  const change = {
    ...{ change_id: 1, job_id: null, project: 'sweep', by: 'ben', changed_at: 1, options: {} },
    scope: 'project' as const,
    policy: 'lowest_eval_loss' as const,
  }
  expect(historyLine({ kind: 'policy', at: 1, change })).toMatchObject({
    what: 'Policy for sweep: lowest eval_loss',
    by: 'ben',
  })
})
