import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobDetail } from '../jobs/jobDetail.ts'
import { selectionOf } from '../selection/selection.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { evaluation, event, checkpoint, newJob, recordEvents } from '../testRun.ts'
import { record, SCORES, sourceCursor } from './record.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const score = (step: number, values: Record<string, number>, directions = {}) =>
  event({ type: 'evaluation', step, values, directions, scored_by: 'ana' })

test('removed scores leave the run, and a value of the run that followed a score counts again', async () => {
  const job_id = await newJob(db)
  const own = { source: 'files', from: null, to: '1', events: [evaluation(1, 0.5), checkpoint(1)] }
  await record(db, job_id, own)
  const scored = [score(1, { acc: 0.9 }, { acc: 'max' }), score(2, { eval_loss: 0.1 })]
  await record(db, job_id, { source: SCORES, from: null, to: '9', events: scored })
  await recordEvents(db, job_id, evaluation(2, 0.4), checkpoint(2))
  expect((await selectionOf(db, job_id))?.best).toMatchObject({ step: 2, value: 0.1 })
  const reset = { source: SCORES, from: '9', to: '0', events: [], removes_scores: true }
  await record(db, job_id, reset)
  const selection = await selectionOf(db, job_id)
  expect(selection?.ranking).toMatchObject([
    { step: 2, value: 0.4 },
    { step: 1, value: 0.5 },
  ])
  expect(await sourceCursor(db, job_id, 'files')).toBe('1')
  await record(db, job_id, { ...reset, from: '0', to: '9', events: [score(1, { acc: 2 })] })
  expect(await jobDetail(db, job_id)).toMatchObject({ metric_directions: {} })
})
