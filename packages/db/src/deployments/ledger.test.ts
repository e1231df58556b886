import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { advanceDeployment, claimDeployment } from './claim.ts'
import { listDeployments, liveDeployments } from './deployments.ts'
import { createDeployment, type Orderer } from './order.ts'
import { rollBack } from './rollBack.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job with three checkpoints, the first one the best, and how to ship one of them. */
async function trained() {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id, root: '/runs/moby' })
  for (const [at, loss] of [1, 2, 3].entries()) {
    await recordEvents(db, job_id, evaluation(at + 1, loss), checkpoint(at + 1))
  }
  const ids = (await listCheckpoints(db, job_id)).map(({ checkpoint_id }) => checkpoint_id)
  const model_name = `model-${job_id.slice(0, 8)}`
  const end = async (status: 'done' | 'failed' = 'done') => {
    const order = (await claimDeployment(db, host_id))!
    const { deployment_id, held } = order
    const absolute_path = status === 'done' ? `/models/${deployment_id}` : null
    const bytes = { bytes_done: 10, bytes_total: 10 }
    await advanceDeployment(db, { job_id, deployment_id, status, absolute_path, held, ...bytes })
    return order
  }
  const ship = async (at: number, more: Orderer = { why: 'a test' }) => {
    const order = { job_id, checkpoint_id: ids[at] ?? '', model_name, ...more }
    const { deployment_id } = await createDeployment(db, order)
    await end()
    return deployment_id
  }
  return { job_id, host_id, ids, model_name, ship, end }
}

test('no statement deletes a row of the ledger, or changes what was ordered or has ended', async () => {
  const { job_id, ids, model_name, ship } = await trained()
  const done = await ship(0)
  const open = await createDeployment(db, { job_id, checkpoint_id: ids[0] ?? '', model_name })
  const before = await listDeployments(db, { job_id })
  const { sql } = db
  for (const [attempt, refusal] of [
    [() => sql`delete from deployments where deployment_id = ${done}`, /never deleted/],
    [
      () => sql`delete from deployments where deployment_id = ${open.deployment_id}`,
      /never deleted/,
    ],
    [() => sql`truncate deployments cascade`, /never deleted/],
    [
      () => sql`update deployments set why = 'x' where deployment_id = ${done}`,
      /has ended \(done\)/,
    ],
    [() => sql`update deployments set status = 'failed' where job_id = ${job_id}`, /has ended/],
    [
      () => sql`update deployments set reason = 'x' where deployment_id = ${open.deployment_id}`,
      /What was ordered does not change/,
    ],
    [
      () => sql`update deployments set "by" = 'x' where deployment_id = ${open.deployment_id}`,
      /What was ordered/,
    ],
    [
      () => sql`update deployments set target = 'x' where deployment_id = ${open.deployment_id}`,
      /What was ordered/,
    ],
    [
      () =>
        sql`update deployments set files_from = 'x' where deployment_id = ${open.deployment_id}`,
      /What was ordered/,
    ],
    [
      () => sql`update deployments set choice = null where deployment_id = ${open.deployment_id}`,
      /What was ordered/,
    ],
    // The foreign keys of the ledger cannot exist on several servers.
    ...(process.env['TEST_CITUS_URL']
      ? []
      : ([
          [() => sql`delete from training_jobs where job_id = ${job_id}`, /never deleted|violates/],
          [() => sql`delete from checkpoints where job_id = ${job_id}`, /violates/],
        ] as const)),
  ] as const) {
    await expect(attempt()).rejects.toThrow(refusal)
  }
  expect(await listDeployments(db, { job_id })).toEqual(before)
})

test('a shipment keeps the decision of its moment, with the alternatives', async () => {
  const { job_id, ids, model_name } = await trained()
  await createDeployment(db, { job_id, checkpoint_id: ids[1] ?? '', model_name, why: 'newer' })
  await recordEvents(db, job_id, evaluation(9, 0.1), checkpoint(9))
  const [row] = await db.sql<{ choice: unknown }[]>`
    select choice from deployments where job_id = ${job_id}`
  expect(row?.choice).toMatchObject({
    ...{ metric: 'eval_loss', direction: 'min', value: 2, rank: 2, candidates: 3 },
    alternatives: [
      { step: 1, value: 1, difference: -1, rank: 1 },
      { step: 3, value: 3, difference: 1, rank: 3 },
    ],
  })
})

test('another checkpoint than the best needs a reason', async () => {
  const { job_id, ids, model_name } = await trained()
  const order = { job_id, checkpoint_id: ids[1] ?? '', model_name }
  const refusal = 'The best is step 1. Give a reason for shipping checkpoint-2 instead.'
  await expect(createDeployment(db, order)).rejects.toThrow(refusal)
  await expect(createDeployment(db, { ...order, why: '  ' })).rejects.toThrow(refusal)
  expect(await listDeployments(db, { job_id })).toEqual([])
})

test('a roll back is an entry of its own, and the agent gets the earlier files', async () => {
  const { job_id, model_name, ids, ship, end } = await trained()
  const first = await ship(0)
  const second = await ship(1)
  const order = await rollBack(db, {
    job_id,
    deployment_id: first,
    by: 'ana',
    why: 'worse answers',
  })
  expect(order).toMatchObject({
    ...{ rolls_back_to: first, checkpoint_id: ids[0], model_name, status: 'queued' },
    ...{ by: 'ana', why: 'worse answers', bytes_total: 10 },
  })
  expect(await end()).toMatchObject({ earlier_path: `/models/${first}`, rolls_back_to: first })
  const [live] = await liveDeployments(db, { model_name })
  expect(live).toMatchObject({ deployment_id: order.deployment_id, step: 1 })
  const ledger = await listDeployments(db, { model_name })
  expect(ledger.map(({ deployment_id }) => deployment_id)).toEqual([
    ...[order.deployment_id, second, first],
  ])
})

test('a roll back keeps the decision of the shipment that it goes back to', async () => {
  const { job_id, ship } = await trained()
  const first = await ship(0)
  await ship(1)
  await rollBack(db, { job_id, deployment_id: first })
  const rows = await db.sql<{ choice: unknown }[]>`
    select choice from deployments where job_id = ${job_id} order by created_at`
  expect(rows[2]?.choice).toEqual(rows[0]?.choice)
})

test('what is live, failed or unknown is nothing to go back to', async () => {
  const { job_id, ids, model_name, ship, end } = await trained()
  const live = await ship(0)
  const failed = await createDeployment(db, { job_id, checkpoint_id: ids[0] ?? '', model_name })
  await end('failed')
  const back = (deployment_id: string) => rollBack(db, { job_id, deployment_id })
  await expect(back(live)).rejects.toThrow('That shipment is live now')
  await expect(back(failed.deployment_id)).rejects.toThrow('it is failed')
  await expect(back(randomUUID())).rejects.toThrow('The ledger has no shipment')
})

test('a model name may be live on two hosts at once', async () => {
  const one = await trained()
  const two = await trained()
  await one.ship(0)
  const { model_name } = one
  const checkpoint_id = two.ids[0] ?? ''
  await createDeployment(db, { job_id: two.job_id, checkpoint_id, model_name })
  await two.end()
  const live = await liveDeployments(db, { model_name })
  expect(live.map(({ job_id }) => job_id).sort()).toEqual([one.job_id, two.job_id].sort())
})
