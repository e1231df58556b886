import { rowsFrom, select } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluationRows, evaluationsOf } from './evaluationRows.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { record } from '../record/record.ts'
import { selectionOf } from '../selection/selection.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, event, newJob, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const measured = (step: number, values: object, more: object = {}) =>
  event({ type: 'evaluation', step, values, ...more })

const stored = async (job_id: string) =>
  evaluationsOf((await evaluationRows(db.orm, [job_id])).get(job_id) ?? [])

test('a stored evaluation has the file, the line and the samples of each value', async () => {
  const job_id = await newJob(db)
  const file = 'trainer_state.json'
  const events = [
    measured(1, { eval_loss: 2 }, { origin: { file, line: 12 }, samples: 100 }),
    measured(2, { eval_loss: 1, eval_f1: 0.5 }, { origin: { file, line: 20 } }),
    measured(3, { eval_loss: 1 }),
    measured(
      4,
      { eval_loss: 0.5, eval_f1: 0.7 },
      { origin: { file, line: 30 }, lines: { eval_f1: 31 }, samples: 50 },
    ),
  ]
  await recordEvents(db, job_id, ...events)
  const common = { samples: 50, scored_by: null }
  expect(await stored(job_id)).toMatchObject([
    { step: 1, origin: { file, line: 12 }, samples: 100 },
    { step: 2, origin: { file, line: 20 }, samples: null },
    { step: 3, origin: null, samples: null },
    { step: 4, origin: { file, line: 30 }, ...{ samples: 50 } },
  ])
  expect((await stored(job_id)).map(({ details }) => details)).toEqual([
    ...[undefined, undefined, undefined],
    { eval_f1: { origin: { file, line: 31 }, ...common } },
  ])
})

test('a score made after training counts as an evaluation of those weights, and has its author', async () => {
  const job_id = await newJob(db)
  const score = { scored_by: 'ana', origin: { file: 'bestmark-scores.jsonl', line: 1 } }
  const events = [
    ...[checkpoint(1), checkpoint(2)],
    measured(1, { eval_loss: 2 }, { samples: 10 }),
    measured(2, { eval_loss: 1, eval_loss_stderr: 0.1 }, { ...score, samples: 20 }),
    measured(1, { acc: 0.5 }, { ...score, samples: 30 }),
  ]
  for (const one of events) await recordEvents(db, job_id, one)
  expect(await jobStatus(db, job_id)).toMatchObject({ best_step: 2, best_metric: 1 })
  // The score came after training, so the training's own evaluation is still its best.
  expect(await jobStatus(db, job_id)).toMatchObject({ evaluations_without_improvement: 0 })
  const { origin, scored_by } = score
  expect(await stored(job_id)).toMatchObject([
    { step: 1, samples: 10, details: { acc: { origin, scored_by, samples: 30 } } },
    {
      step: 2,
      details: {
        eval_loss: { origin, scored_by, samples: 20 },
        eval_loss_stderr: { origin, scored_by, samples: 20 },
      },
    },
  ])
  const rows = rowsFrom(events)
  const direct = select({ policy: 'as_declared', ...rows })
  expect((await selectionOf(db, job_id))?.reason).toBe(direct.reason)
})

test('a standard error belongs to the value that it was logged with', async () => {
  const events = [
    measured(1, { acc: 0.5 }),
    measured(1, { acc: 0.6, acc_stderr: 0.1 }),
    measured(2, { acc: 0.7, acc_stderr: 0.2 }),
    measured(2, { acc: 0.8, acc_stderr: 0.3 }),
    measured(1, { acc_stderr: 0.4, other_stderr: 0.5 }),
  ]
  const [apart, together] = [await newJob(db), await newJob(db)]
  for (const one of events) await recordEvents(db, apart, one)
  await recordEvents(db, together, ...events)
  for (const job_id of [apart, together]) {
    expect((await stored(job_id)).map(({ values }) => values)).toEqual([
      { acc: 0.5, other_stderr: 0.5 },
      { acc: 0.7, acc_stderr: 0.2 },
    ])
  }
})

test('a direction logged with a score is valid for the job; the first one stays', async () => {
  const job_id = await newJob(db)
  const batch = { source: 'journal', from: null, to: '1' }
  const events = [
    event({ type: 'started', metric_for_best: 'zork' }),
    ...[checkpoint(1), checkpoint(2)],
    measured(1, { zork: 1 }, { directions: { zork: 'max' } }),
    measured(2, { zork: 2 }, { directions: { zork: 'min', other: 'min' } }),
  ]
  await record(db, job_id, { ...batch, events })
  const metric_directions = { zork: 'max', other: 'min' }
  expect(await jobDetail(db, job_id)).toMatchObject({ metric_directions })
  const anew = { ...batch, from: '1', to: '2', replace: true }
  await record(db, job_id, { ...anew, events: events.slice(0, -2) })
  expect(await jobDetail(db, job_id)).toMatchObject({ metric_directions: {} })
})
