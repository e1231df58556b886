import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, event, newJob, recordEvents } from '../testRun.ts'
import { lastCheckpoint } from './lastCheckpoint.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const stepless = (path: string) =>
  event({ type: 'checkpoint', step: null, path, role: 'best', files_state: 'complete' })
const incomplete = (step: number, path: string) =>
  event({ type: 'checkpoint', step, path, files_state: 'writing' })

test('the last checkpoint is the latest step of the latest attempt', async () => {
  const job_id = await newJob(db)
  expect(await lastCheckpoint(db.orm, job_id)).toBeUndefined()
  await recordEvents(db, job_id, checkpoint(10), checkpoint(30), checkpoint(20, 1))
  expect(await lastCheckpoint(db.orm, job_id)).toMatchObject({ path: 'checkpoint-20', step: 20 })
})

test('an overwritten checkpoint is not the last one, nor is one that is still written', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, checkpoint(10), checkpoint(20, 0, 'last'), incomplete(30, 'last'))
  expect(await lastCheckpoint(db.orm, job_id)).toMatchObject({ step: 10 })
  // The files at its path are complete, and are those of a later step.
  await db.sql`update checkpoints set files_state = 'complete' where overwritten`
  expect(await lastCheckpoint(db.orm, job_id)).toMatchObject({ step: 10 })
})

test('a checkpoint without a step is the last one only if no other is complete', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, stepless('best'))
  expect(await lastCheckpoint(db.orm, job_id)).toMatchObject({ path: 'best', step: null })
  await recordEvents(db, job_id, checkpoint(10))
  expect(await lastCheckpoint(db.orm, job_id)).toMatchObject({ step: 10 })
})
