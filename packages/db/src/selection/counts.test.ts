import * as core from '@bestmark/core'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createDeployment } from '../deployments/order.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { checkpoint, evaluation, metrics, newJob, started, recordEvents } from '../testRun.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpointsOf } from './checkpoints.ts'

// Every module works as usual; only the calls are counted.
vi.mock('@bestmark/core', { spy: true })

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
beforeEach(() => {
  vi.clearAllMocks()
})

const calls = () => ({
  select: vi.mocked(core.select).mock.calls.length,
  explain: vi.mocked(core.explain).mock.calls.length,
  rebuilt: vi.mocked(core.trackerStateOf).mock.calls.length,
  tracked: vi.mocked(core.track).mock.calls.length,
})

const RUN = [started(), checkpoint(100), evaluation(100, 2), checkpoint(200), evaluation(200, 1)]

test('a write selects once, and reads its evaluations once', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...RUN)
  expect(calls()).toEqual({ select: 1, explain: 0, rebuilt: 1, tracked: 0 })
})

test('a write that cannot change the choice selects nothing', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started())
  vi.clearAllMocks()
  await recordEvents(db, job_id, metrics(10, { loss: 1 }))
  expect(calls()).toEqual({ select: 0, explain: 0, rebuilt: 0, tracked: 0 })
})

test('an order to ship selects nothing if the page has the decision, and once otherwise', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...RUN)
  const reason = (await checkpointsOf(db, job_id))?.selection.reason
  const best = (await jobStatus(db, job_id))?.best_checkpoint_id ?? ''
  vi.clearAllMocks()
  const order = { job_id, checkpoint_id: best, model_name: 'moby' }
  const made = await createDeployment(db, order)
  expect(calls()).toEqual({ select: 0, explain: 0, rebuilt: 0, tracked: 0 })
  expect(made).toMatchObject({ is_best: true, reason })
  await createDeployment(db, order)
  expect(calls()).toEqual({ select: 1, explain: 1, rebuilt: 0, tracked: 0 })
})
