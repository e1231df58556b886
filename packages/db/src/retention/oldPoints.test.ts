import { KEPT_POINTS } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobDetail } from '../jobs/jobDetail.ts'
import { deleteJobs } from '../jobs/changeJobs.ts'
import { purgeDeletedJobs } from '../jobs/deletedJobs.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import {
  checkpoint,
  ended,
  evaluation,
  metrics,
  newJob,
  recordEvents,
  started,
} from '../testRun.ts'
import { boardSpace, compactBoard, vacuumBoard } from './boardSpace.ts'
import { keepPointsDays, setKeepPointsDays } from './keepPoints.ts'
import { removeOldPoints } from './oldPoints.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  // The server's own work on a table could keep its removed rows for a moment.
  for (const table of ['series_chunks', 'evaluations', 'checkpoints', 'training_jobs'])
    await db.sql.unsafe(`alter table ${table} set (autovacuum_enabled = off)`)
})
afterAll(() => db[Symbol.asyncDispose]())

const STEPS = 20_000

/** A job with a long curve that has one spike, and evaluations between two logged steps. */
async function longJob(): Promise<string> {
  const job_id = await newJob(db)
  const loss = (step: number) => (step === 7_770 ? 99 : 3 / step)
  const steps = Array.from({ length: STEPS / 2 }, (_, at) => 2 * at + 2)
  await recordEvents(
    db,
    job_id,
    started(),
    ...steps.map((step) => metrics(step, { loss: loss(step) })),
    ...[5_001, 10_001, 15_001].flatMap((step) => [evaluation(step, 1 / step), checkpoint(step)]),
    ended(),
  )
  return job_id
}

/** Makes a job look as if it ended some days ago. */
async function endedAgo(job_id: string, days: number): Promise<void> {
  const at = Date.now() - days * 24 * 3_600_000
  await db.sql`update training_jobs
    set registered_at = ${at}, ended_at = ${at}, last_logged_at = ${at} where job_id = ${job_id}`
}

const lossOf = async (job_id: string) => {
  const [series] = await readSeries(db, job_id, { names: ['loss'], points: 1e9 })
  return series!
}

test('without a rule, all points are kept', async () => {
  const job_id = await longJob()
  await endedAgo(job_id, 10_000)
  expect([await keepPointsDays(db), await removeOldPoints(db)]).toEqual([null, 0])
  await deleteJobs(db, [job_id])
})

test('an old job keeps its extremes, its decision and the losses beside it; a new job keeps all points', async () => {
  const [old, recent] = [await longJob(), await longJob()]
  await endedAgo(old, 31)
  await endedAgo(recent, 29)
  const before = await listCheckpoints(db, old)
  await setKeepPointsDays(db, 30)
  expect(await removeOldPoints(db)).toBe(1)
  const { steps, values, count } = await lossOf(old)
  expect(count).toBe(steps.length)
  expect(count).toBeLessThan(2.5 * KEPT_POINTS)
  expect([steps[0], steps.at(-1)]).toEqual([2, STEPS])
  expect(Math.max(...values)).toBe(99)
  for (const step of [5_000, 10_000, 15_000]) expect(steps).toContain(step)
  const after = await listCheckpoints(db, old)
  const decision = (rows: typeof before) => rows.map((row) => ({ ...row, revision: undefined }))
  expect(decision(after)).toEqual(decision(before))
  expect((await lossOf(recent)).count).toBe(STEPS / 2)
  const details = [await jobDetail(db, old), await jobDetail(db, recent)]
  expect(details.map((detail) => detail?.points_removed_at)).toEqual([expect.any(Number), null])
  expect(await removeOldPoints(db)).toBe(0)
})

test('a job that was recorded again after its points were removed is thinned once more', async () => {
  const job_id = await longJob()
  await endedAgo(job_id, 31)
  expect(await removeOldPoints(db)).toBe(1)
  const steps = Array.from({ length: 3_000 }, (_, at) => STEPS + at)
  await recordEvents(db, job_id, started(1), ...steps.map((step) => metrics(step, { loss: 1 }, 1)))
  await recordEvents(db, job_id, ended(1))
  await db.sql`update training_jobs
    set points_removed_at = points_removed_at - 9e9 where job_id = ${job_id}`
  await endedAgo(job_id, 31)
  expect(await removeOldPoints(db)).toBe(1)
})

test('space of deleted jobs is free for new ones at once, and goes back to the disk', async () => {
  const jobs = await Promise.all([longJob(), longJob(), longJob()])
  const full = await boardSpace(db)
  await deleteJobs(db, jobs)
  await db.sql`update training_jobs set deleted_at = 1 where deleted_at is not null`
  expect(await purgeDeletedJobs(db)).toBeGreaterThanOrEqual(3)
  await vacuumBoard(db)
  await Promise.all([longJob(), longJob(), longJob()])
  expect((await boardSpace(db)).points).toBeLessThanOrEqual(full.points * 1.1)
  await db.sql`delete from series_chunks`
  // A transaction of the server's own work may still see the rows for a moment.
  do await compactBoard(db)
  while ((await boardSpace(db)).points >= full.points / 4)
})
