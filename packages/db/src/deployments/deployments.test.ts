import { advanceDeployment, claimDeployment } from './claim.ts'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { shippingAdvice } from './advice.ts'
import { listDeployments, liveDeployments } from './deployments.ts'
import { createDeployment } from './order.ts'
import { Refused } from '../values/refused.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event, newJob, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job with a best, a worse and a missing checkpoint. */
async function trained() {
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id, root: '/runs/moby' })
  const gone = { type: 'files', files_state: 'missing', files_why: 'rotated away' } as const
  await recordEvents(
    db,
    job_id,
    evaluation(1, 0.4),
    checkpoint(1),
    evaluation(2, 0.5),
    checkpoint(2),
  )
  await recordEvents(db, job_id, checkpoint(3), event({ ...gone, step: 3, path: 'checkpoint-3' }))
  const ids = (await listCheckpoints(db, job_id)).map(({ checkpoint_id }) => checkpoint_id)
  const [best = '', worse = '', missing = ''] = ids
  return { host_id, job_id, best, worse, missing }
}

test('a deployment stores the reason at the time of the choice', async () => {
  const { job_id, best, worse } = await trained()
  const model_name = 'memory'
  const first = await createDeployment(db, { job_id, checkpoint_id: best, model_name })
  expect(first).toMatchObject({
    job_name: 'moby',
    step: 1,
    path: 'checkpoint-1',
    is_best: true,
    status: 'queued',
    bytes_total: 10,
  })
  expect(first.reason).toContain('eval_loss')
  const worseOne = { job_id, checkpoint_id: worse, model_name }
  const second = await createDeployment(db, { ...worseOne, by: ' ana ', why: 'a later step' })
  expect(second).toMatchObject({
    ...{ is_best: false, reason: 'Chosen by hand; step 1 was the best.' },
    ...{ by: 'ana', why: 'a later step' },
  })
  expect(first).toMatchObject({ by: null, why: null, rolls_back_to: null })
  await recordEvents(db, job_id, evaluation(4, 0.1), checkpoint(4))
  const ledger = await listDeployments(db, { job_id })
  expect(ledger).toEqual([second, first])
})

test('a checkpoint that cannot be shipped is refused with a message', async () => {
  const { job_id, best, missing } = await trained()
  const order = (checkpoint_id: string, model_name: string) =>
    createDeployment(db, { job_id, checkpoint_id, model_name })
  await expect(order(missing, 'm')).rejects.toThrow(
    'checkpoint-3 cannot be shipped: its files are missing (rotated away).',
  )
  await expect(order(randomUUID(), 'm')).rejects.toThrow(Refused)
  for (const name of ['', '../up', 'Upper', '.hidden', 'a/b', 'x'.repeat(65), 'a\n']) {
    await expect(order(best, name)).rejects.toThrow(Refused)
  }
  expect(await listDeployments(db, { job_id })).toEqual([])
})

test('each deployment is claimed by one agent, the oldest first, and only on its own host', async () => {
  const { host_id, job_id, best } = await trained()
  const made: string[] = []
  for (const model_name of ['a', 'b', 'c']) {
    const one = await createDeployment(db, { job_id, checkpoint_id: best, model_name })
    made.push(one.deployment_id)
  }
  expect(await claimDeployment(db, randomUUID())).toBeUndefined()
  const first = await claimDeployment(db, host_id)
  expect(first).toMatchObject({
    deployment_id: made[0],
    root: '/runs/moby',
    source_path: '/runs/moby/checkpoint-1',
    status: 'copying',
  })
  const rest = await Promise.all(Array.from({ length: 5 }, () => claimDeployment(db, host_id)))
  const claimed = rest.flatMap((one) => (one ? [one.deployment_id] : []))
  expect(claimed.toSorted()).toEqual(made.slice(1).toSorted())
})

test('an order waits while another of its model and target is shipped, also if all are claimed at once', async () => {
  const { host_id, job_id, best } = await trained()
  const order = async (model_name: string) =>
    (await createDeployment(db, { job_id, checkpoint_id: best, model_name })).deployment_id
  const [older, newer, other] = [await order('one'), await order('one'), await order('two')]
  const claims = await Promise.all(Array.from({ length: 5 }, () => claimDeployment(db, host_id)))
  const taken = claims.flatMap((one) => one ?? [])
  expect(taken.map(({ deployment_id }) => deployment_id).sort()).toEqual([older, other].sort())
  const done = { status: 'done', bytes_done: 1, bytes_total: 1 } as const
  await advanceDeployment(db, { job_id, deployment_id: older, ...done })
  expect((await claimDeployment(db, host_id))?.deployment_id).toBe(newer)
})

test('a deployment whose agent is silent is claimed again', async () => {
  const { host_id, job_id, best } = await trained()
  await createDeployment(db, { job_id, checkpoint_id: best, model_name: 'silent' })
  const first = await claimDeployment(db, host_id)
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  const again = await claimDeployment(db, host_id)
  expect(again?.deployment_id).toBe(first?.deployment_id)
})

test('an agent that lost its deployment to another can no longer report on it', async () => {
  const { host_id, job_id, best } = await trained()
  await createDeployment(db, { job_id, checkpoint_id: best, model_name: 'slept' })
  const slept = (await claimDeployment(db, host_id))!
  const progress = { job_id, deployment_id: slept.deployment_id, bytes_done: 10, bytes_total: 10 }
  const held = await advanceDeployment(db, { ...progress, status: 'copying', held: slept.held })
  expect(held).toBeGreaterThan(slept.held)
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  const taker = (await claimDeployment(db, host_id))!
  const late = { ...progress, status: 'done', absolute_path: '/models/late', held: held! } as const
  expect(await advanceDeployment(db, late)).toBeUndefined()
  const done = {
    ...progress,
    status: 'done',
    absolute_path: '/models/slept',
    held: taker.held,
  } as const
  expect(await advanceDeployment(db, done)).toBeGreaterThan(taker.held)
  expect((await listDeployments(db, { job_id }))[0]).toMatchObject({
    absolute_path: '/models/slept',
  })
})

test('the newest finished deployment is live, and ended ones do not change', async () => {
  const { host_id, job_id, best, worse } = await trained()
  const model_name = 'live-one'
  const ship = async (checkpoint_id: string, status: 'done' | 'failed') => {
    await createDeployment(db, { job_id, checkpoint_id, model_name, why: 'a test' })
    const one = await claimDeployment(db, host_id)
    const { deployment_id = '' } = one ?? {}
    const bytes = { bytes_done: 10, bytes_total: 10 }
    const progress = { job_id, deployment_id, ...bytes }
    await advanceDeployment(db, { ...progress, status: 'verifying' })
    await advanceDeployment(db, {
      ...progress,
      status,
      absolute_path: '/models/live-one',
      error: null,
    })
    await advanceDeployment(db, { ...progress, status: 'copying', bytes_done: 0 })
    return deployment_id
  }
  const first = await ship(best, 'done')
  const second = await ship(worse, 'done')
  const third = await ship(best, 'failed')
  const live = await liveDeployments(db, { model_name })
  expect(live.map(({ deployment_id }) => deployment_id)).toEqual([second])
  expect(live[0]).toMatchObject({
    status: 'done',
    absolute_path: '/models/live-one',
    bytes_done: 10,
  })
  const ledger = await listDeployments(db, { model_name })
  expect(ledger.map(({ deployment_id, status }) => [deployment_id, status])).toEqual([
    [third, 'failed'],
    [second, 'done'],
    [first, 'done'],
  ])
})

const SERVING = { bytes: 4, has: ['config.json'], is_named_for_transformers: true }
const serving = (step: number, fields: object) =>
  event({
    ...{ type: 'files', step, path: `checkpoint-${step}`, files_state: 'complete', kind: 'full' },
    ...{ bytes: 10, serving: { ...SERVING, task: null, shards: null, ...fields } },
  })

test('an order is for serving by default, with the size of what serving needs', async () => {
  const { job_id, best: checkpoint_id } = await trained()
  await recordEvents(db, job_id, serving(1, {}))
  const order = { job_id, checkpoint_id, model_name: 'size' }
  const made = await createDeployment(db, order)
  expect(made).toMatchObject({ contents: 'serving', bytes_total: 4, files_from: null })
  const whole = await createDeployment(db, { ...order, contents: 'whole' })
  expect(whole).toMatchObject({ contents: 'whole', bytes_total: 10 })
})

test('advice names what is missing and a checkpoint that has it; an order may take it from there', async () => {
  const { job_id, best: checkpoint_id } = await trained()
  expect((await shippingAdvice(db, job_id, checkpoint_id))?.problems).toEqual([])
  await recordEvents(db, job_id, serving(1, { has: [] }), serving(2, {}))
  expect(await shippingAdvice(db, job_id, checkpoint_id)).toEqual({
    ...{ bytes: { serving: 4, whole: 10 }, problems: [{ code: 'no_configuration' }] },
    files_from: [{ path: 'checkpoint-2', names: ['config.json'] }],
  })
  expect(await shippingAdvice(db, job_id, randomUUID())).toBeUndefined()
  const order = { job_id, checkpoint_id, model_name: 'gaps' }
  const made = await createDeployment(db, { ...order, files_from: 'checkpoint-2' })
  expect(made.files_from).toBe('checkpoint-2')
})

test('files may be taken from the run or the base model, and from elsewhere only by the host', async () => {
  const { job_id, best: checkpoint_id } = await trained()
  const adapter = { kind: 'adapter', base: '/models/base' }
  await recordEvents(db, job_id, event({ ...serving(1, {}), ...adapter }))
  const from = (files_from: string) =>
    createDeployment(db, { job_id, checkpoint_id, model_name: 'from', files_from })
  for (const path of ['/etc', '../other', 'a/../../b', 'C:\\x', '..\\x'])
    await expect(from(path)).rejects.toThrow('neither in the run nor its base model')
  expect((await from('/models/base')).files_from).toBe('/models/base')
  const order = { job_id, checkpoint_id, model_name: 'from', files_from: '/etc' }
  const made = await createDeployment(db, { ...order, may_read_any_folder: true })
  expect(made.files_from).toBe('/etc')
})
