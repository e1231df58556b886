import { afterAll, beforeAll, expect, test } from 'vitest'
import { event, newJob, recordEvents, started } from '../testRun.ts'
import { testDatabase, type TestDatabase } from '../testing.ts'
import { listJobs } from './jobList.ts'
import { jobStatus } from './jobs.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const setup = (environment: object) => event({ type: 'setup', environment })

test('a job is found by the number of its Slurm job, of its array, and of its task', async () => {
  const [task, alone] = [await newJob(db), await newJob(db)]
  const slurm = { job_id: '9019', array_job_id: '9017', array_task_id: 3 }
  await recordEvents(db, task, started(), setup({ host: 'gpu', slurm }))
  await recordEvents(db, alone, started(), setup({ host: 'gpu', slurm: { job_id: '9018' } }))
  const found = async (search: string) => {
    const { jobs } = await listJobs(db, { search })
    return jobs.map(({ job_id }) => job_id).filter((id) => !id.startsWith(search))
  }
  for (const number of ['9019', '9017', '9017_3']) expect(await found(number)).toEqual([task])
  expect(await found('9018')).toEqual([alone])
  expect(await found('9017_4')).toEqual([])
})

test('a run that trains again outside of Slurm has no Slurm job', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), setup({ host: 'gpu', slurm: { job_id: '7' } }))
  // Options of a configuration say nothing about the machine.
  await recordEvents(db, job_id, setup({}))
  expect((await jobStatus(db, job_id))?.slurm?.job_id).toBe('7')
  await recordEvents(db, job_id, setup({ host: 'laptop' }))
  expect((await jobStatus(db, job_id))?.slurm).toBe(null)
})

test('jobs are found by their partition, node or array in Slurm', async () => {
  const [one, two, other] = [await newJob(db), await newJob(db), await newJob(db)]
  const task = { partition: 'gpu-x', node_list: 'x[08-11]', array_job_id: '8800' }
  const within = async (job_id: string, slurm: object) =>
    recordEvents(db, job_id, started(), setup({ host: 'gpu', slurm }))
  await within(one, { ...task, job_id: '8801', array_task_id: 1 })
  await within(two, { ...task, job_id: '8802', array_task_id: 2, node_list: 'x12' })
  await recordEvents(db, other, started(), setup({ host: 'x08' }))
  const found = async (search: string) =>
    (await listJobs(db, { search })).jobs.map((job) => job.job_id)
  expect((await found('partition:gpu-x')).sort()).toEqual([one, two].sort())
  expect((await found('array:8800')).sort()).toEqual([one, two].sort())
  expect(await found('node:x10 partition:gpu-x')).toEqual([one])
  expect(await found('node:x12')).toEqual([two])
  for (const nothing of ['node:x1', 'partition:gpu', 'array:880', 'node:x12 partition:cpu'])
    expect(await found(nothing)).toEqual([])
  expect(await found('node:x12 no-such-name')).toEqual([])
})
