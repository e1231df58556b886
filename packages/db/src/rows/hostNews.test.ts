import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDeployment } from '../deployments/order.ts'
import { archiveJobs, deleteJobs, restoreJobs, tagJobs } from '../jobs/changeJobs.ts'
import { requestStop } from '../jobs/jobs.ts'
import { registerJob } from '../jobs/registration.ts'
import { pinCheckpoints } from '../jobs/files.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, ended, metrics, newJob, recordEvents, started } from '../testRun.ts'
import { listenToHost } from './hostNews.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** What a host hears of its jobs, in order, without what it heard before. */
async function hearing() {
  const host_id = randomUUID()
  const heard: string[] = []
  await listenToHost(db, host_id, (news) => heard.push(news ? `${news.kind} ${news.job_id}` : ''))
  expect(heard.splice(0)).toEqual([''])
  // Notifications of one connection arrive in order, so the mark comes last.
  const news = async (): Promise<string[]> => {
    await db.sql.notify(`bestmark_host_${host_id}`, 'mark')
    await vi.waitFor(() => expect(heard.some((one) => one.startsWith('mark'))).toBe(true))
    return heard.splice(0).filter((one) => !one.startsWith('mark'))
  }
  return { host_id, news }
}

test('a host hears of a new job, a new state, a stop request, a deleted and a restored job', async () => {
  const { host_id, news } = await hearing()
  const job_id = await newJob(db, { host_id, is_stoppable: true })
  expect(await news()).toEqual([`job ${job_id}`])
  await recordEvents(db, job_id, started())
  expect(await news()).toContain(`job ${job_id}`)
  await requestStop(db, job_id)
  expect(await news()).toEqual([`job ${job_id}`])
  await recordEvents(db, job_id, ended())
  expect(await news()).toContain(`job ${job_id}`)
  await deleteJobs(db, [job_id])
  await restoreJobs(db, [job_id])
  expect(await news()).toEqual([`job ${job_id}`, `job ${job_id}`])
})

test('points, tags and an archived job do not wake a host', async () => {
  const { host_id, news } = await hearing()
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, started(), metrics(1, { loss: 1 }))
  await news()
  await recordEvents(db, job_id, metrics(2, { loss: 1 }))
  await tagJobs(db, [job_id], { add: ['kept'] })
  await archiveJobs(db, [job_id], true)
  expect(await news()).toEqual([])
})

test('a host hears of orders and of changed checkpoints', async () => {
  const { host_id, news } = await hearing()
  const job_id = await newJob(db, { host_id, status: 'running' })
  await news()
  await recordEvents(db, job_id, checkpoint(1))
  expect(await news()).toContain(`files ${job_id}`)
  const [{ checkpoint_id } = { checkpoint_id: '' }] = await listCheckpoints(db, job_id)
  await pinCheckpoints(db, job_id, { checkpoint_ids: [checkpoint_id], pinned: true })
  expect(await news()).toEqual([`files ${job_id}`])
  await createDeployment(db, { job_id, checkpoint_id, model_name: 'moby', why: 'a test' })
  expect(await news()).toEqual([`order ${job_id}`])
})

test('if a job moves to another host, both hear of it, and then only the new one', async () => {
  const [before, after] = [await hearing(), await hearing()]
  const job_id = await newJob(db, { host_id: before.host_id })
  await before.news()
  const moved = { job_id, host_id: after.host_id, host: 'tower', root: `/runs/${job_id}` }
  const named = { name: 'moby', project: 'examples', source: 'journal', status: 'running' } as const
  await registerJob(db, { ...moved, ...named })
  expect(await before.news()).toEqual([`job ${job_id}`])
  expect(await after.news()).toEqual([`job ${job_id}`])
  await recordEvents(db, job_id, started())
  expect(await before.news()).toEqual([])
  expect(await after.news()).toContain(`job ${job_id}`)
})
