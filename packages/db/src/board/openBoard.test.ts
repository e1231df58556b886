import { expect, test } from 'vitest'
import { jobStatus } from '../jobs/jobs.ts'
import { evaluation, metrics, newJob, recordEvents } from '../testRun.ts'
import { testDatabase } from '../testing.ts'
import { openBoard } from './openBoard.ts'

test('jobs of a board from before the loss scale get one when the board is first opened', async () => {
  await using db = await testDatabase()
  const env = { BESTMARK_HOME: '/nowhere', DATABASE_URL: db.databaseUrl }
  const job_id = await newJob(db)
  const losses = [100, 200, 300].flatMap((step) => [
    metrics(step, { loss: 8 }),
    evaluation(step, 2),
  ])
  await recordEvents(db, job_id, ...losses)
  const gap = async () => (await jobStatus(db, job_id))?.loss_gap
  expect(await gap()).toBeNull()
  await db.sql`update training_jobs set loss_scale = default`
  expect(await gap()).toBe(-6)
  await (await openBoard(env)).close()
  expect(await gap()).toBeNull()
  await db.sql`update training_jobs set loss_scale = default`
  await (await openBoard(env)).close()
  expect(await gap()).toBe(-6)
})
