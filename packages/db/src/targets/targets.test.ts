import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDeployment } from '../deployments/order.ts'
import { claimDeployment, advanceDeployment } from '../deployments/claim.ts'
import { liveDeployments } from '../deployments/deployments.ts'
import { recordHostAlive } from '../agents/hostAlive.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { listTargets, publishTargets } from './targets.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const target = (name: string) => ({ name, kind: 'folder', place: 'x', conditions: null }) as const

test('what a host publishes replaces its earlier targets, and leaves those of other hosts', async () => {
  const [one, two] = [randomUUID(), randomUUID()]
  await recordHostAlive(db, { host_id: one, hostname: 'one' })
  await recordHostAlive(db, { host_id: two, hostname: 'two' })
  await publishTargets(db, one, [target('a'), target('b')])
  await publishTargets(db, two, [target('a')])
  await publishTargets(db, one, [{ ...target('b'), place: 'y' }, target('c')])
  const all = await listTargets(db)
  expect(all.map(({ host, name, place }) => [host, name, place])).toEqual([
    ['one', 'b', 'y'],
    ['one', 'c', 'x'],
    ['two', 'a', 'x'],
  ])
  expect((await listTargets(db, two)).map(({ name }) => name)).toEqual(['a'])
})

test('each target of a host has its own live version, and an unknown target is refused', async () => {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, evaluation(1, 1), checkpoint(1))
  const [saved] = await listCheckpoints(db, job_id)
  const order = { job_id, checkpoint_id: saved!.checkpoint_id, model_name: 'moby' }
  const toStage = { ...order, target: 'stage' }
  await expect(createDeployment(db, toStage)).rejects.toThrow('workstation has no target "stage".')
  await publishTargets(db, host_id, [target('stage')])
  await createDeployment(db, toStage)
  await createDeployment(db, order)
  for (const expected of ['stage', 'folder']) {
    const { deployment_id, held, target } = (await claimDeployment(db, host_id))!
    expect(target).toBe(expected)
    const end = { status: 'done', bytes_done: 1, bytes_total: 1, held } as const
    await advanceDeployment(db, { job_id, deployment_id, ...end })
  }
  const live = await liveDeployments(db, { model_name: 'moby' })
  expect(live.map((one) => one.target)).toEqual(['folder', 'stage'])
})
