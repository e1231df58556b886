import { type HostRecipe, TrainingEvent } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordHostAlive } from '../agents/hostAlive.ts'
import { registerJob } from '../jobs/registration.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, ended, recordEvents } from '../testRun.ts'
import { advanceOrder, claimOrder } from './claim.ts'
import { cancelOrder, firstOrder, listOrders, orderResume, orderRuns } from './orders.ts'
import { listRecipes, publishRecipes } from './recipes.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
beforeEach(() => db.sql`truncate run_orders, recipes, hosts`)

const RECIPE: HostRecipe = {
  name: 'tune',
  text: 'Tunes a model',
  parameters: { lr: { type: 'number', minimum: 0, maximum: 1, default: 0.1 } },
  can_resume: true,
  at_once: 1,
}
const ORDER = { recipe: 'tune', name: 'run', project: 'whales' }

/** A host with an agent and recipes. */
async function newHost(hostname: string, ...recipes: HostRecipe[]): Promise<string> {
  const host_id = randomUUID()
  await recordHostAlive(db, { host_id, hostname })
  await publishRecipes(db, host_id, recipes)
  return host_id
}

/** Puts the job of a claimed order on the board, as `bestmark run` does. */
async function begin(host_id: string, job_id: string): Promise<string> {
  const run = { job_id, host_id, host: 'gpu', root: `/runs/${job_id}`, source: 'huggingface' }
  await registerJob(db, { ...run, name: 'run', project: 'whales', status: 'running' })
  return job_id
}

const statesOf = async () => (await listOrders(db)).map(({ name, state }) => `${name} ${state}`)

test('the recipes of a host replace those that it published before', async () => {
  const host_id = await newHost('gpu', RECIPE, { ...RECIPE, name: 'old' })
  await publishRecipes(db, host_id, [{ ...RECIPE, text: 'Tunes a larger model' }])
  const found = await listRecipes(db)
  expect(found.map(({ name, text, host }) => [name, text, host])).toEqual([
    ['tune', 'Tunes a larger model', 'gpu'],
  ])
})

test('a sweep is one order per run; a wrong value orders none of them', async () => {
  await newHost('gpu', RECIPE)
  await expect(orderRuns(db, { ...ORDER, runs: [{ lr: 0.5 }, { lr: 2 }] })).rejects.toThrow(
    'Run 2: lr must be between 0 and 1; got "2".',
  )
  expect(await listOrders(db)).toEqual([])
  const job_ids = await orderRuns(db, { ...ORDER, runs: [{ lr: 0.5 }, {}], by: 'ana' })
  const orders = await listOrders(db)
  const shown = orders.map(({ name, parameters, by, job_id }) => [name, parameters, by, job_id])
  expect(shown.sort()).toEqual([
    ['run-1', { lr: 0.5 }, 'ana', job_ids[0]],
    ['run-2', { lr: 0.1 }, 'ana', job_ids[1]],
  ])
})

test('an unknown recipe is refused with the available ones', async () => {
  const runs = [{}]
  await expect(orderRuns(db, { ...ORDER, runs })).rejects.toThrow('Write recipes.yaml')
  await newHost('gpu', RECIPE)
  await expect(orderRuns(db, { ...ORDER, recipe: 'other', runs })).rejects.toThrow(
    'No host has a recipe "other". Available: tune.',
  )
  await expect(orderRuns(db, { ...ORDER, host_id: randomUUID(), runs })).rejects.toThrow(
    'This host does not have a recipe "tune".',
  )
})

test('two agents never start one order twice, and each host only takes what it may', async () => {
  const [first, second] = [await newHost('a', { ...RECIPE, at_once: 9 }), await newHost('b')]
  await orderRuns(db, { ...ORDER, runs: Array.from({ length: 6 }, () => ({})) })
  const claims = await Promise.all([
    ...Array.from({ length: 4 }, () => claimOrder(db, first)),
    ...Array.from({ length: 4 }, () => claimOrder(db, second)),
    ...Array.from({ length: 4 }, () => claimOrder(db, first)),
  ])
  const ids = claims.flatMap((claim) => (claim ? [claim.order_id] : []))
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toHaveLength(6)
  expect(claims.slice(4, 8)).toEqual([undefined, undefined, undefined, undefined])
})

test('an order for one host waits for that host', async () => {
  const [first, second] = [await newHost('a', RECIPE), await newHost('b', RECIPE)]
  await orderRuns(db, { ...ORDER, host_id: second, runs: [{}] })
  expect(await claimOrder(db, first)).toBeUndefined()
  expect(await claimOrder(db, second)).toMatchObject({ name: 'run', was_taken: false })
})

test('no more runs of a recipe train on a host than may; the next starts when one has ended', async () => {
  const host_id = await newHost('gpu', RECIPE)
  await orderRuns(db, { ...ORDER, runs: [{}, {}] })
  const one = await claimOrder(db, host_id)
  if (!one) throw new Error('there is an order')
  expect(await claimOrder(db, host_id)).toBeUndefined()
  await advanceOrder(db, one.order_id, { state: 'started' })
  expect(await claimOrder(db, host_id)).toBeUndefined()
  await begin(host_id, one.job_id)
  expect(await claimOrder(db, host_id)).toBeUndefined()
  await recordEvents(db, one.job_id, ended())
  expect(await claimOrder(db, host_id)).toMatchObject({ name: 'run-2' })
  expect((await statesOf()).sort()).toEqual(['run-1 started', 'run-2 starting'])
})

test('an order that a killed agent took is taken again by its host, and marked as taken', async () => {
  const [host_id, other] = [await newHost('a', RECIPE), await newHost('b', RECIPE)]
  await orderRuns(db, { ...ORDER, runs: [{}] })
  const first = await claimOrder(db, host_id)
  expect(await claimOrder(db, host_id)).toBeUndefined()
  await db.sql`update run_orders set taken_at = taken_at - 60000`
  expect(await claimOrder(db, other)).toBeUndefined()
  expect(await claimOrder(db, host_id)).toEqual({ ...first, was_taken: true })
})

test('a waiting order can be cancelled, a started one cannot', async () => {
  const host_id = await newHost('gpu', RECIPE)
  await orderRuns(db, { ...ORDER, runs: [{}, {}] })
  const one = await claimOrder(db, host_id)
  const waiting = (await listOrders(db)).find(({ state }) => state === 'queued')
  await cancelOrder(db, waiting?.order_id ?? '')
  expect((await statesOf()).sort()).toEqual(['run-1 starting', 'run-2 cancelled'])
  await expect(cancelOrder(db, one?.order_id ?? randomUUID())).rejects.toThrow('not in the queue')
})

test('a resumed run continues from its last complete checkpoint, with its values', async () => {
  const host_id = await newHost('gpu', RECIPE)
  const [job_id = ''] = await orderRuns(db, { ...ORDER, runs: [{ lr: 0.7 }] })
  const first = await claimOrder(db, host_id)
  await begin(host_id, job_id)
  await expect(orderResume(db, { job_id })).rejects.toThrow('is running. Stop it before')
  await recordEvents(
    db,
    job_id,
    checkpoint(10),
    TrainingEvent.parse({ ...checkpoint(20), files_state: 'writing' }),
    ended(),
  )
  await advanceOrder(db, first?.order_id ?? '', { state: 'ended' })
  await orderResume(db, { job_id, by: 'ben' })
  await expect(orderResume(db, { job_id })).rejects.toThrow('in the queue already')
  expect(await claimOrder(db, host_id)).toMatchObject({
    job_id,
    parameters: { lr: 0.7 },
    resumes: { root: `/runs/${job_id}`, absolute_path: `/runs/${job_id}/checkpoint-10` },
  })
  expect(await firstOrder(db, job_id)).toEqual({ ...ORDER, parameters: { lr: 0.7 } })
})

test('a run that was not started from a recipe, or whose recipe cannot resume, is not resumed', async () => {
  const host_id = await newHost('gpu', { ...RECIPE, can_resume: false })
  const job_id = await begin(host_id, randomUUID())
  await recordEvents(db, job_id, ended())
  await expect(orderResume(db, { job_id })).rejects.toThrow('not started from a recipe')
  const [ordered = ''] = await orderRuns(db, { ...ORDER, runs: [{}] })
  await begin(host_id, ordered)
  await recordEvents(db, ordered, ended())
  await expect(orderResume(db, { job_id: ordered })).rejects.toThrow('has no resume_argv')
})
