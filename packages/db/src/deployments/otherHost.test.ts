import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordHostAlive } from '../agents/hostAlive.ts'
import { openCheck, orderCheck } from '../models/checks.ts'
import { SENT } from '../rows/job.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { publishTargets } from '../targets/targets.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { Refused } from '../values/refused.ts'
import { advanceDeployment, claimDeployment } from './claim.ts'
import { listDeployments, liveDeployments } from './deployments.ts'
import { createDeployment } from './order.ts'
import { rollBack } from './rollBack.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job of one host with a checkpoint in S3 and one in its folder, and another host with an agent. */
async function twoHosts(source = 'journal') {
  const [host_id, other] = [randomUUID(), randomUUID()]
  await recordHostAlive(db, { host_id: other, hostname: 'server' })
  const job_id = await newJob(db, { host_id, root: '/runs/moby', source })
  await recordEvents(db, job_id, evaluation(1, 1), checkpoint(1, 0, 's3://bucket/checkpoint-1'))
  await recordEvents(db, job_id, evaluation(2, 2), checkpoint(2))
  const ids = (await listCheckpoints(db, job_id)).map(({ checkpoint_id }) => checkpoint_id)
  const model_name = `model-${job_id.slice(0, 8)}`
  const order = (at: number, more: { host_id?: string; target?: string }) => {
    const checkpoint_id = ids[at] ?? ''
    return createDeployment(db, { job_id, checkpoint_id, model_name, why: 'a test', ...more })
  }
  const ship = async () => {
    const { deployment_id, held } = (await claimDeployment(db, other))!
    const bytes = { bytes_done: 10, bytes_total: 10 }
    const end = { status: 'done', absolute_path: '/models/one', ...bytes } as const
    await advanceDeployment(db, { job_id, deployment_id, held, ...end })
    return deployment_id
  }
  return { job_id, host_id, other, model_name, order, ship }
}

test('a checkpoint in S3 is shipped by the host of the order, and is live there', async () => {
  const { job_id, host_id, other, model_name, order, ship } = await twoHosts()
  const ordered = await order(0, { host_id: other })
  expect(ordered).toMatchObject({ host_id: other, host: 'server' })
  expect(await recordHostAlive(db, { host_id, hostname: 'gpu' })).toMatchObject({
    has_order: false,
  })
  const waiting = await recordHostAlive(db, { host_id: other, hostname: 'server' })
  expect(waiting).toMatchObject({ has_order: true })
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  const first = await ship()
  await order(0, { host_id: other })
  await ship()
  expect(await liveDeployments(db, { model_name })).toMatchObject([
    { host_id: other, host: 'server' },
  ])
  // A roll back and a check are for the host that has the shipped files.
  await rollBack(db, { job_id, deployment_id: first })
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  const deployment_id = await ship()
  await orderCheck(db, { job_id, deployment_id })
  expect(await openCheck(db, host_id)).toBeUndefined()
  expect(await openCheck(db, other)).toMatchObject({ deployment_id })
  expect((await listDeployments(db, { job_id })).map((one) => one.host)).toEqual(
    Array(3).fill('server'),
  )
})

test('the same model may be shipped on two hosts, and is live on both', async () => {
  const { host_id, other, model_name, order, ship, job_id } = await twoHosts()
  await order(0, { host_id: other })
  await ship()
  await order(0, {})
  const { deployment_id, held } = (await claimDeployment(db, host_id))!
  const bytes = { bytes_done: 10, bytes_total: 10 }
  await advanceDeployment(db, { job_id, deployment_id, held, status: 'done', ...bytes })
  const live = await liveDeployments(db, { model_name })
  expect(live.map((one) => one.host_id).sort()).toEqual([host_id, other].sort())
})

test('another host ships no file of a folder, and must have an agent and the target', async () => {
  const { other, order } = await twoHosts()
  await expect(order(1, { host_id: other })).rejects.toThrow(
    '/runs/moby/checkpoint-2 is on workstation',
  )
  await expect(order(0, { host_id: randomUUID() })).rejects.toThrow('ever reported')
  await expect(order(0, { host_id: other, target: 'prod' })).rejects.toThrow('server has no target')
  await publishTargets(db, other, [
    { name: 'prod', kind: 'folder', place: '/prod', conditions: null },
  ])
  expect(await order(0, { host_id: other, target: 'prod' })).toMatchObject({ target: 'prod' })
})

test('a job whose journal was sent is shipped from S3 by a host with an agent', async () => {
  const { other, order, ship } = await twoHosts(SENT)
  await expect(order(0, {})).rejects.toThrow('bestmark deploy --host HOST')
  await expect(order(1, { host_id: other })).rejects.toBeInstanceOf(Refused)
  expect(await order(0, { host_id: other })).toMatchObject({ status: 'queued' })
  await ship()
})
