import { randomUUID } from 'node:crypto'
import { ALERT_KINDS, type AlertKind } from '@bestmark/core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { advanceDeployment, claimDeployment } from '../deployments/claim.ts'
import { createDeployment } from '../deployments/order.ts'
import { deleteJobs } from '../jobs/changeJobs.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { record } from '../record/record.ts'
import {
  checkpoint,
  ended,
  evaluation,
  metrics,
  newJob,
  recordEvents,
  started,
} from '../testRun.ts'
import { event } from '../testRun.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { deriveAlerts } from './derivation.ts'
import { listAlerts } from './outbox.ts'
import { listRules, removeRule, saveRule } from './rules.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
afterEach(async () => {
  for (const { rule_id } of await listRules(db)) await removeRule(db, rule_id)
})

const URL = 'http://127.0.0.1:9/hook'
const rule = (kinds: AlertKind[] = [...ALERT_KINDS], project: string | null = null) =>
  saveRule(db, { project, kinds, evaluations: 3, destination: { type: 'webhook', url: URL } })

/** The alerts that a look at the board finds, oldest first. */
async function found() {
  while (await deriveAlerts(db));
  return (await listAlerts(db)).map(({ alert }) => alert).reverse()
}
const kinds = async () => (await found()).map(({ kind }) => kind)

const saved = (step: number, eval_loss: number) => [evaluation(step, eval_loss), checkpoint(step)]
/** The same from a run that logs no times. */
const untimed = (step: number, eval_loss: number) => [
  event({ type: 'evaluation', step, values: { eval_loss } }),
  checkpoint(step),
]
/** When a run of these tests logs something; it is put on the board just now. */
const now = () => Date.now()

test('a live run gives each alert once, in order', async () => {
  await rule()
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started())
  expect(await kinds()).toEqual([])
  const step = async (at: number, eval_loss: number) => {
    const values = { eval_loss }
    const evaluated = event({ type: 'evaluation', step: at, at: now(), values })
    await recordEvents(db, job_id, evaluated, checkpoint(at))
    return kinds()
  }
  expect(await step(100, 1)).toEqual(['new_best'])
  expect(await step(200, 0.8)).toEqual(['new_best', 'new_best'])
  expect(await found()).toMatchObject([{}, { best: { step: 200 }, previous: { step: 100 } }])
  await step(300, 0.9)
  await step(400, 0.9)
  expect(await kinds()).toHaveLength(2)
  expect((await step(500, 0.9)).at(-1)).toBe('no_improvement')
  expect(await step(600, NaN)).toHaveLength(4)
  expect((await found()).at(-1)).toEqual({
    ...{ kind: 'nan', metric: 'eval_loss', value: NaN, step: 600, attempt: 0 },
  })
  await recordEvents(
    db,
    job_id,
    event({ type: 'ended', status: 'failed', error: 'OOM', at: now() }),
  )
  expect((await found()).at(-1)).toEqual({ kind: 'failed', attempt: 0, error: 'OOM' })
  expect(await kinds()).toHaveLength(5)
})

test('a training loss that is not finite is found at its step, gradients are not', async () => {
  await rule(['nan'])
  const job_id = await newJob(db)
  const log = (step: number, values: object) =>
    event({ type: 'metrics', step, at: now(), values: { ...values } })
  await recordEvents(db, job_id, log(1, { loss: 2, grad_norm: Infinity }), log(2, { loss: 1 }))
  expect(await found()).toEqual([])
  await recordEvents(db, job_id, log(3, { loss: NaN }), log(4, { loss: NaN }))
  await recordEvents(db, job_id, log(5, { loss: NaN }))
  expect(await found()).toEqual([{ kind: 'nan', metric: 'loss', value: NaN, step: 3, attempt: 0 }])
})

test('what was on the board before the first rule gives no alert, only what comes after', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...saved(100, 1), ended())
  await rule()
  expect(await found()).toEqual([])
  await recordEvents(db, job_id, checkpoint(300))
  expect(await found()).toEqual([])
})

test('a run that is imported long after its end gives no alert', async () => {
  await rule()
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(50, { loss: NaN }), ...saved(100, 1), ended())
  expect(await found()).toEqual([])
})

test('a history that is recorded again gives no second alert', async () => {
  await rule(['new_best'])
  const job_id = await newJob(db)
  const events = untimed(100, 1)
  const source = 'files'
  await found()
  await record(db, job_id, { source, from: null, to: '1', events: [] })
  await found()
  await record(db, job_id, { source, from: '1', to: '2', events })
  expect(await found()).toHaveLength(1)
  await record(db, job_id, { source, from: '2', to: '3', events: [], replace: true })
  await found()
  await record(db, job_id, { source, from: '3', to: '4', events, replace: true })
  expect(await found()).toHaveLength(1)
})

test('an end is found also if the next attempt began before the look', async () => {
  await rule(['failed'])
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started())
  await found()
  const failed = event({ type: 'ended', status: 'failed', error: 'x', at: now() })
  await recordEvents(db, job_id, failed, started(1))
  expect((await jobStatus(db, job_id))?.status).toBe('running')
  expect(await found()).toEqual([{ kind: 'failed', attempt: 0, error: 'x' }])
})

test('a live model is reported when its job has a better checkpoint', async () => {
  await rule(['live_not_best'])
  const host_id = randomUUID()
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, ...saved(100, 1))
  const checkpoint_id = (await jobStatus(db, job_id))?.best_checkpoint_id ?? ''
  const { deployment_id } = await createDeployment(db, {
    job_id,
    checkpoint_id,
    model_name: 'chat',
  })
  await claimDeployment(db, host_id)
  const done = { status: 'done', bytes_done: 10, bytes_total: 10, absolute_path: '/m' } as const
  await advanceDeployment(db, { job_id, deployment_id, ...done })
  expect(await found()).toEqual([])
  await recordEvents(db, job_id, ...saved(200, 0.5))
  await recordEvents(db, job_id, ...saved(300, 0.4))
  expect(await found()).toMatchObject([{ model_name: 'chat', live_step: 100, best: { step: 300 } }])
})

test('rules of other projects, and deleted jobs, give no alert', async () => {
  await rule([...ALERT_KINDS], 'asr')
  const other = await newJob(db)
  const deleted = await newJob(db, { project: 'asr', status: 'completed' })
  const own = await newJob(db, { project: 'asr' })
  await found()
  await recordEvents(db, deleted, ...untimed(100, 1))
  await deleteJobs(db, [deleted])
  await recordEvents(db, other, ...saved(100, 1))
  await recordEvents(db, own, ...untimed(100, 1))
  while (await deriveAlerts(db));
  expect((await listAlerts(db)).map(({ job_id }) => job_id)).toEqual([own])
})

test('two processes that look at once find each fact once', async () => {
  await rule(['new_best'])
  const jobs = await Promise.all(Array.from({ length: 5 }, () => newJob(db)))
  await found()
  for (const job_id of jobs) {
    await recordEvents(db, job_id, ...untimed(100, 1))
  }
  await Promise.all([1, 2, 3, 4].map(() => deriveAlerts(db)))
  expect(await kinds()).toHaveLength(jobs.length)
})

test('a look takes no lock that recording waits for', async () => {
  await rule()
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...saved(100, 1))
  await db.sql.begin(async (tx) => {
    await tx`select 1 from training_jobs where job_id = ${job_id} for update`
    await deriveAlerts(db)
  })
  await db.sql.begin(async (tx) => {
    await tx`select 1 from alert_cursor for update`
    await tx`select 1 from alert_facts for update`
    await recordEvents(db, job_id, ...saved(200, 0.5))
  })
})
