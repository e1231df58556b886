import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobStatus } from '../jobs/jobs.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { listAttempts } from '../rows/attempts.ts'
import { SMALL_CHUNK } from '../rows/chunks.ts'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase, readStoredRows } from '../testing.ts'
import { checkpoint, ended, evaluation, metrics, newJob, started } from '../testRun.ts'
import { recordFacts } from './record.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** Two attempts that measure a step twice, and save twice under one path. */
const HISTORY = [
  started(),
  metrics(1, { loss: 3 }),
  evaluation(10, 2),
  evaluation(10, 2.5),
  checkpoint(10, 0, 'last'),
  checkpoint(20, 0, 'last'),
  ended(),
  started(1, 10),
  metrics(11, { loss: 2, lr: 0.1 }, 1),
  evaluation(20, 1, 1),
  checkpoint(20, 1, 'last'),
  ended(1),
]

/** What is stored of a job, without the revisions of its writes. */
async function stored(job_id: string) {
  const { updated_at: _at, eta_seconds: _eta, ...status } = (await jobStatus(db, job_id))!
  const checkpoints = (await listCheckpoints(db, job_id)).map(({ path, step, ...one }) => {
    const { attempt, files_state, files_why, is_best } = one
    return { path, step, attempt, files_state, files_why, is_best }
  })
  const attempts = (await listAttempts(db.orm, job_id)).map(({ revision: _, ...row }) => row)
  return { ...(await readStoredRows(db, job_id)), status, checkpoints, attempts }
}

test('a history in the first write of a job is stored as one that comes event by event', async () => {
  const job_id = await newJob(db, { root: '/runs/one' })
  await recordFacts(db, job_id, HISTORY)
  const inOneWrite = await stored(job_id)
  await db.sql`delete from training_jobs where job_id = ${job_id}`
  for (const table of ['attempts', 'evaluations', 'checkpoints', 'series_chunks', 'series_tails'])
    await db.sql`delete from ${db.sql(table)} where job_id = ${job_id}`
  await newJob(db, { root: '/runs/one', job_id })
  for (const event of HISTORY) await recordFacts(db, job_id, [event])
  const byEvents = await stored(job_id)
  expect(inOneWrite).toEqual(byEvents)
  expect(inOneWrite.checkpoints.filter((one) => one.files_state === 'missing')).toHaveLength(2)
})

test('a first write that fills a chunk leaves no tail, though each of its series is short', async () => {
  const many = 16
  // Neighbouring events log different series, so that the tail has many rows.
  const events = Array.from({ length: 4 * SMALL_CHUNK }, (_, step) =>
    metrics(step, { [`loss/${step % many}`]: step }),
  )
  const job_id = await newJob(db)
  await recordFacts(db, job_id, [started(), ...events])
  const [{ rows } = { rows: NaN }] = await db.sql<{ rows: number }[]>`
    select count(*)::int as rows from series_tails where job_id = ${job_id}`
  expect(rows).toBe(0)
  const [series] = await readSeries(db, job_id, { names: ['loss/3'], points: events.length })
  expect(series?.steps).toHaveLength(events.length / many)
})
