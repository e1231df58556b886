import { PATIENCE, patienceFor } from '@bestmark/core'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAttempts } from '../rows/attempts.ts'
import { jobRow, jobStatus } from './jobs.ts'
import { trainingJobs } from '../schema.ts'
import { databaseTime, endSilentJob, endSilentSent } from './silence.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, metrics, newJob, started, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const HEARING = { patience: PATIENCE, listening_since: 0 }

/** Makes the job's last log line older. */
async function passTime(job_id: string, milliseconds: number): Promise<void> {
  const last_logged_at = sql`last_logged_at - ${milliseconds}`
  await db.orm.update(trainingJobs).set({ last_logged_at }).where(eq(trainingJobs.job_id, job_id))
}

const statusOf = async (job_id: string) => (await jobStatus(db, job_id))?.status
const attemptState = async (job_id: string) => (await listAttempts(db.orm, job_id))[0]?.status

test('a run is lost after a silence of its cadence times the factor, and returns with its next log line', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }))
  expect(await endSilentJob(db, job_id, HEARING)).toBe(false)
  await passTime(job_id, patienceFor(null) + 1)
  expect(await endSilentJob(db, job_id, HEARING)).toBe(true)
  expect([await statusOf(job_id), await attemptState(job_id)]).toEqual(['lost', 'lost'])
  expect(await endSilentJob(db, job_id, HEARING)).toBe(false)
  await recordEvents(db, job_id, metrics(2, { loss: 1 }))
  expect([await statusOf(job_id), await attemptState(job_id)]).toEqual(['running', 'running'])
})

test('a slow run may be silent for longer, as its cadence is longer', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }))
  for (const step of [2, 3]) {
    await passTime(job_id, PATIENCE.floor)
    await recordEvents(db, job_id, metrics(step, { loss: 2 }))
  }
  await passTime(job_id, PATIENCE.floor * 2)
  expect(await endSilentJob(db, job_id, HEARING)).toBe(false)
})

test('inspected files and later scores do not count as log lines of the run', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }))
  const before = await jobRow(db, job_id)
  const score = { type: 'evaluation', step: 1, values: { f1: 1 }, scored_by: 'me' } as const
  const files = { type: 'files', step: 1, path: 'a', files_state: 'missing' } as const
  await recordEvents(db, job_id, event(score), event(files))
  expect((await jobRow(db, job_id))?.last_logged_at).toBe(before?.last_logged_at)
})

test('silence counts only while an agent listens, and never for a run that has ended', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started())
  await passTime(job_id, patienceFor(null) * 10)
  const listening_since = await databaseTime(db)
  expect(await endSilentJob(db, job_id, { ...HEARING, listening_since })).toBe(false)
  await recordEvents(db, job_id, event({ type: 'ended', status: 'completed' }))
  await passTime(job_id, patienceFor(null) * 10)
  expect(await endSilentJob(db, job_id, HEARING)).toBe(false)
})

test('a job whose journal is sent is lost after its silence, and a job of files stays', async () => {
  const [sent, read] = [await newJob(db), await newJob(db)]
  await db.orm.update(trainingJobs).set({ source: 'sent' }).where(eq(trainingJobs.job_id, sent))
  for (const job_id of [sent, read]) {
    await recordEvents(db, job_id, started(), metrics(1, { loss: 2 }))
  }
  await endSilentSent(db, HEARING)
  expect(await statusOf(sent)).toBe('running')
  for (const job_id of [sent, read]) await passTime(job_id, patienceFor(null) + 1)
  await endSilentSent(db, HEARING)
  expect([await statusOf(sent), await statusOf(read)]).toEqual(['lost', 'running'])
  await recordEvents(db, sent, metrics(2, { loss: 1 }))
  expect(await statusOf(sent)).toBe('running')
})
