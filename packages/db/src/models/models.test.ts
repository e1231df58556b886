import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { advanceDeployment, claimDeployment } from '../deployments/claim.ts'
import { createDeployment } from '../deployments/order.ts'
import { rollBack } from '../deployments/rollBack.ts'
import { archiveJobs } from '../jobs/changeJobs.ts'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event, newJob, recordEvents } from '../testRun.ts'
import { endCheck, openCheck, orderCheck } from './checks.ts'
import { listModels, modelNamed } from './models.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const host_id = randomUUID()

/** A job of a project with a checkpoint for each loss. */
async function trained(project: string, name: string, losses: number[], samples?: number) {
  const job_id = await newJob(db, { project, name, host_id, root: `/runs/${project}/${name}` })
  for (const [at, eval_loss] of losses.entries()) {
    const step = 100 * (at + 1)
    const values = { eval_loss }
    const measured = event({
      ...{ type: 'evaluation', step, epoch: at, at: step, samples },
      values,
    })
    await recordEvents(db, job_id, measured, checkpoint(step))
  }
  return job_id
}

/** Ships the checkpoint of a step, to its end. */
async function ship(job_id: string, step: number, model_name: string, contents?: 'serving') {
  const row = (await listCheckpoints(db, job_id)).find((one) => one.step === step)
  const order = { job_id, checkpoint_id: row!.checkpoint_id, model_name, by: 'ana', why: 'a test' }
  await createDeployment(db, { ...order, contents })
  return end(job_id)
}

async function end(job_id: string): Promise<string> {
  const { deployment_id, held } = (await claimDeployment(db, host_id))!
  const absolute_path = `/models/${deployment_id}`
  const bytes = { bytes_done: 10, bytes_total: 10, digest: 'd1' }
  await advanceDeployment(db, {
    ...{ job_id, deployment_id, status: 'done', absolute_path, held, ...bytes },
  })
  return deployment_id
}

const liveOf = async (name: string) => (await modelNamed(db, name))?.live[0]

test('a model shows what is live, since when, by whom, over which alternatives and why', async () => {
  const job_id = await trained('p1', 'moby', [3, 1, 2])
  const deployment_id = await ship(job_id, 200, 'one')
  const model = await modelNamed(db, 'one')
  expect(model?.history.map((entry) => entry.deployment_id)).toEqual([deployment_id])
  const [live] = model?.live ?? []
  expect(live?.entry).toMatchObject({
    ...{ job_name: 'moby', step: 200, by: 'ana', why: 'a test', status: 'done', digest: 'd1' },
    choice: { value: 1, metric: 'eval_loss', alternatives: [{ step: 300 }, { step: 100 }] },
  })
  expect(live?.entry.ended_at).toBeGreaterThan(0)
  expect(live).toMatchObject({ before: null, better: null, check: null })
  expect(await modelNamed(db, 'nobody')).toBeUndefined()
  expect((await listModels(db)).map(({ model_name }) => model_name)).toContain('one')
})

test('a better checkpoint of the project is found, in the same run or another one', async () => {
  const job_id = await trained('p2', 'moby', [3, 1, 2])
  await ship(job_id, 200, 'two')
  await trained('elsewhere', 'other project', [0.1])
  await trained('p2', 'worse', [5])
  expect((await liveOf('two'))?.better).toBeNull()
  await recordEvents(db, job_id, evaluation(400, 0.75), checkpoint(400))
  expect((await liveOf('two'))?.better).toMatchObject({
    ...{ job_id, by: 0.25, checkpoint: { step: 400, value: 0.75 } },
  })
  const better = await trained('p2', 'better', [2, 0.5])
  expect((await liveOf('two'))?.better).toMatchObject({
    ...{ job_id: better, name: 'better', by: 0.5, checkpoint: { step: 200 } },
  })
  await archiveJobs(db, [better], true)
  expect((await liveOf('two'))?.better).toMatchObject({ job_id })
})

test('a better value on other evaluation data is passed for a comparable one', async () => {
  const job_id = await trained('p3', 'moby', [2], 1_000)
  await ship(job_id, 100, 'three')
  await trained('p3', 'easy data', [0.1], 50)
  expect((await liveOf('three'))?.better).toBeNull()
  await trained('p3', 'same data', [1.5], 1_000)
  expect((await liveOf('three'))?.better).toMatchObject({ name: 'same data', by: 0.5 })
})

test('a roll back goes to what was live before, with other files', async () => {
  const job_id = await trained('p4', 'moby', [3, 1])
  const first = await ship(job_id, 100, 'four')
  await ship(job_id, 200, 'four')
  await ship(job_id, 200, 'four')
  const before = (await liveOf('four'))?.before
  expect(before?.deployment_id).toBe(first)
  await rollBack(db, { job_id, deployment_id: first })
  await end(job_id)
  const live = await liveOf('four')
  expect(live?.entry).toMatchObject({ step: 100, rolls_back_to: first, choice: { value: 3 } })
  expect(live?.before).toMatchObject({ step: 200 })
  expect((await modelNamed(db, 'four'))?.history).toHaveLength(4)
})

test('a check of shipped files has one result, which stays', async () => {
  const job_id = await trained('p5', 'moby', [1])
  const deployment_id = await ship(job_id, 100, 'five')
  const order = await orderCheck(db, { job_id, deployment_id, by: 'ben' })
  expect((await liveOf('five'))?.check).toMatchObject({ state: 'queued', by: 'ben' })
  expect(await openCheck(db, randomUUID())).toBeUndefined()
  expect(await openCheck(db, host_id)).toMatchObject({
    ...{ check_id: order.check_id, model_name: 'five', digest: 'd1' },
    absolute_path: `/models/${deployment_id}`,
  })
  await endCheck(db, order, { state: 'differs', detail: 'model.safetensors' })
  await endCheck(db, order, { state: 'same', detail: null })
  expect((await liveOf('five'))?.check).toMatchObject({
    ...{ state: 'differs', detail: 'model.safetensors' },
  })
  for (const attempt of [
    db.sql`update model_checks set state = 'same' where job_id = ${job_id}`,
    db.sql`delete from model_checks where job_id = ${job_id}`,
    db.sql`truncate model_checks`,
  ]) {
    await expect(attempt).rejects.toThrow(/written once|never deleted/)
  }
  const unknown = { job_id, deployment_id: randomUUID() }
  await expect(orderCheck(db, unknown)).rejects.toThrow('Only files that were shipped')
})
