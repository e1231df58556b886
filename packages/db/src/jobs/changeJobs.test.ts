import { randomUUID } from 'node:crypto'
import { RESTORABLE_DAYS } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareJobs } from '../comparison/compareJobs.ts'
import { listDeployments } from '../deployments/deployments.ts'
import { createDeployment } from '../deployments/order.ts'
import { record, sourceCursor } from '../record/record.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { JobDeleted, JobUnknown, Refused } from '../values/refused.ts'
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
import {
  archiveJobs,
  deleteContinuation,
  deleteJobs,
  MOST_TAGS,
  noteJob,
  restoreJobs,
  tagJobs,
} from './changeJobs.ts'
import { purgeDeletedJobs } from './deletedJobs.ts'
import { type JobQuery, listJobs } from './jobList.ts'
import { hostedJobs } from './hostedJobs.ts'
import { findJobs, jobStatus, renameJob } from './jobs.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const FILE = { source: 'file', from: null, to: '1' }

async function trained(project: string): Promise<string> {
  const job_id = await newJob(db, { project, name: project })
  const points = [metrics(1, { loss: 2 }), evaluation(1, 0.4), checkpoint(1)]
  await record(db, job_id, { ...FILE, events: [started(), ...points, ended()] })
  return job_id
}

const listed = async (query: JobQuery) =>
  (await listJobs(db, query)).jobs.map(({ job_id }) => job_id)

const revisionOf = async (job_id: string) =>
  (
    await db.sql<{ revision: number }[]>`
    select revision::int from training_jobs where job_id = ${job_id}`
  )[0]?.revision

test('recording never changes the name, note and tags that a person set', async () => {
  const job_id = await newJob(db)
  const name = 'n'.repeat(300)
  await renameJob(db, job_id, name)
  await noteJob(db, job_id, 'warm restart,\nlower rate')
  await tagJobs(db, [job_id], { add: ['lora', 'r16'] })
  await recordEvents(db, job_id, started(), evaluation(1, 0.4))
  await newJob(db, { job_id, name: 'told again' })
  const set = { name, note: 'warm restart,\nlower rate', tags: ['lora', 'r16'] }
  expect(await jobStatus(db, job_id)).toMatchObject(set)
})

test('tags are added and removed on all jobs at once, each once, and a list shows those of a tag', async () => {
  const [a, b] = [await newJob(db), await newJob(db)]
  expect(await tagJobs(db, [a, b, a], { add: ['x', 'y', 'x'] })).toBe(2)
  const revision = await revisionOf(a)
  expect(await tagJobs(db, [a, b], { add: ['x'] })).toBe(0)
  expect(await revisionOf(a)).toBe(revision)
  expect(await tagJobs(db, [a], { add: ['z'], remove: ['x', 'none'] })).toBe(1)
  expect((await jobStatus(db, a))?.tags).toEqual(['y', 'z'])
  expect(await listed({ tag: 'x' })).toEqual([b])
  expect(await listed({ tag: "' or true" })).toEqual([])
})

test('a change of jobs is made for all of them or for none', async () => {
  const [job_id, other] = [await newJob(db), randomUUID()]
  await expect(tagJobs(db, [job_id, other], { add: ['x'] })).rejects.toThrow(JobUnknown)
  const many = Array.from({ length: MOST_TAGS + 1 }, (_, index) => `tag ${index}`)
  await expect(tagJobs(db, [job_id], { add: many })).rejects.toThrow(Refused)
  expect((await jobStatus(db, job_id))?.tags).toEqual([])
  const running = await newJob(db, { name: 'whale', status: 'running' })
  const done = await trained('all or none')
  await expect(deleteJobs(db, [done, running])).rejects.toThrow('whale is running')
  expect(await jobStatus(db, done)).toMatchObject({ deleted_at: null })
})

test('a running job that continues another one leaves the list, and its page names the other', async () => {
  const project = 'continued'
  const earlier = await trained(project)
  const job_id = await newJob(db, { project, name: 'second', status: 'running' })
  await deleteContinuation(db, job_id, earlier)
  expect(await listed({ project })).toEqual([earlier])
  const error = `Its program continues the run of job ${earlier}.`
  expect(await jobStatus(db, job_id)).toMatchObject({ status: 'stopped', error })
})

test('an archived job leaves the list, is still found and recorded, and comes back', async () => {
  const project = 'archive'
  const job_id = await newJob(db, { project, name: 'put away' })
  expect(await archiveJobs(db, [job_id], true)).toBe(1)
  expect(await archiveJobs(db, [job_id], true)).toBe(0)
  expect(await listed({ project })).toEqual([])
  expect(await listed({ project, shelf: 'archived' })).toEqual([job_id])
  expect(await listed({ project, shelf: 'kept' })).toEqual([job_id])
  expect(await findJobs(db, 'put away')).toHaveLength(1)
  expect((await compareJobs(db, { project })).found).toBe(0)
  await recordEvents(db, job_id, started(), evaluation(1, 0.4))
  expect(await jobStatus(db, job_id)).toMatchObject({ eval_loss: 0.4 })
  expect(await archiveJobs(db, [job_id], false)).toBe(1)
  expect(await listed({ project })).toEqual([job_id])
})

test('a deleted job is only in the list of deleted jobs, has no name to find it by, and is restored unchanged', async () => {
  const project = 'delete'
  const job_id = await trained(project)
  const before = await jobStatus(db, job_id)
  expect(await deleteJobs(db, [job_id])).toBe(1)
  expect(await deleteJobs(db, [job_id])).toBe(0)
  for (const shelf of ['current', 'archived', 'kept'] as const) {
    expect(await listed({ project, shelf })).toEqual([])
  }
  expect(await listed({ project, shelf: 'deleted' })).toEqual([job_id])
  expect(await findJobs(db, job_id)).toEqual([])
  expect((await compareJobs(db, { project })).found).toBe(0)
  expect(await restoreJobs(db, [job_id])).toBe(1)
  expect(await jobStatus(db, job_id)).toEqual(before)
})

test('nothing is recorded of a deleted job, and its run does not bring it back', async () => {
  const host_id = randomUUID()
  const project = 'stays deleted'
  const job = { job_id: randomUUID(), host_id, project, name: 'whale' }
  await newJob(db, { ...job, status: 'completed' })
  await deleteJobs(db, [job.job_id])
  await expect(newJob(db, job)).rejects.toThrow(JobDeleted)
  await expect(newJob(db, job)).rejects.toThrow('"whale" was deleted from this board')
  const batch = { ...FILE, events: [started()] }
  await expect(record(db, job.job_id, batch)).rejects.toThrow(JobDeleted)
  expect(await hostedJobs(db, host_id)).toEqual([])
  expect(await listed({ project })).toEqual([])
  await newJob(db, { ...job, restore: true })
  expect((await record(db, job.job_id, batch)).recorded).toBe(true)
  expect(await listed({ project })).toEqual([job.job_id])
})

test('the records of a deleted job are removed after some days, but not its shipments', async () => {
  const [old, young] = [await trained('old'), await trained('young')]
  const [saved] = await listCheckpoints(db, old)
  const checkpoint_id = saved?.checkpoint_id ?? ''
  await createDeployment(db, { job_id: old, checkpoint_id, model_name: 'whale' })
  await deleteJobs(db, [old, young])
  expect(await purgeDeletedJobs(db)).toBe(0)
  await db.sql`update training_jobs set deleted_at = deleted_at - ${RESTORABLE_DAYS * 86_400_000}
    where job_id = ${old}`
  expect(await listed({ shelf: 'deleted', project: 'old' })).toEqual([])
  expect(await purgeDeletedJobs(db)).toBe(1)
  expect(await purgeDeletedJobs(db)).toBe(0)
  expect(await jobStatus(db, old)).toMatchObject({ eval_loss: null, best_step: null })
  expect(await sourceCursor(db, old, 'file')).toBeNull()
  expect(await listDeployments(db, { job_id: old })).toMatchObject([{ model_name: 'whale' }])
  await restoreJobs(db, [young])
  expect(await jobStatus(db, young)).toMatchObject({ eval_loss: 0.4, best_step: 1 })
})
