import type { TargetConditions } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { publishTargets } from '../targets/targets.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event as eventOf, newJob, recordEvents } from '../testRun.ts'
import { advanceDeployment, claimDeployment } from './claim.ts'
import { assertConditions, HeldBack } from './conditions.ts'
import { listDeployments } from './deployments.ts'
import { checkOrderConditions, createDeployment, type ShippingOrder } from './order.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A host with the target `prod`, and runs on it by their losses. */
async function aHost(conditions: TargetConditions | null) {
  const host_id = randomUUID()
  const target = { name: 'prod', kind: 'folder', place: '/srv', conditions } as const
  await publishTargets(db, host_id, [target])
  const model_name = `model-${host_id.slice(0, 8)}`
  const orderOf = async (loss: number, config = {}): Promise<ShippingOrder> => {
    const job_id = await newJob(db, { host_id })
    const started = { type: 'started', attempt: 0, at: 0, config } as const
    await recordEvents(db, job_id, eventOf(started), evaluation(1, loss), checkpoint(1))
    const [saved] = await listCheckpoints(db, job_id)
    return { job_id, checkpoint_id: saved!.checkpoint_id, model_name, target: 'prod' }
  }
  const ship = async (order: ShippingOrder) => {
    const made = await createDeployment(db, order)
    const { job_id, deployment_id, held } = (await claimDeployment(db, host_id))!
    const end = { status: 'done', bytes_done: 1, bytes_total: 1, held } as const
    await advanceDeployment(db, { job_id, deployment_id, ...end })
    return made
  }
  return { host_id, model_name, orderOf, ship }
}

test('an order that meets no condition is refused with what would pass, and is no entry of the ledger', async () => {
  const { orderOf, ship } = await aHost({ value: { metric: 'eval_loss', bound: 2 } })
  const order = await orderOf(2.5)
  const refused = createDeployment(db, order)
  await expect(refused).rejects.toThrow(
    'Nothing is shipped to prod, because a condition does not hold. eval_loss must be at most 2; this checkpoint has 2.5.',
  )
  await expect(refused).rejects.toMatchObject({ checks: [{ code: 'value', passes: false }] })
  expect(await checkOrderConditions(db, order)).toMatchObject([{ code: 'value', passes: false }])
  expect(await listDeployments(db, { job_id: order.job_id })).toEqual([])
  const { conditions } = await ship(await orderOf(1.5))
  expect(conditions).toMatchObject({ checks: [{ code: 'value', passes: true, found: 1.5 }] })
})

test('an order may state itself that it must be better than what is live', async () => {
  const { orderOf, ship } = await aHost(null)
  const asked = await orderOf(2)
  expect(await checkOrderConditions(db, asked)).toEqual([])
  expect(await checkOrderConditions(db, { ...asked, if_better: true })).toMatchObject([
    { code: 'better_than_live', passes: true },
  ])
  await ship({ ...(await orderOf(2)), if_better: true })
  const worse = createDeployment(db, { ...(await orderOf(3)), if_better: true })
  await expect(worse).rejects.toBeInstanceOf(HeldBack)
  await expect(worse).rejects.toThrow('eval_loss must be lower than 2, which is live there')
  const otherData = await orderOf(1, { eval_dataset: 'b' })
  await ship({ ...(await orderOf(1.9, { eval_dataset: 'a' })), if_better: true })
  await expect(createDeployment(db, { ...otherData, if_better: true })).rejects.toMatchObject({
    checks: [{ reason: 'other_data' }],
  })
  const made = await ship(await orderOf(3))
  expect(made.conditions).toBeNull()
})

test('the conditions are checked as things are now: another version may have become live since', async () => {
  const { host_id, orderOf } = await aHost({ better_than_live: true })
  const order = await orderOf(2)
  await createDeployment(db, order)
  const { deployment_id, job_id, conditions, held } = (await claimDeployment(db, host_id))!
  const claimed = { ...order, host_id, target: 'prod' }
  await assertConditions(db, claimed, conditions!.conditions)
  // Another agent shipped it while this one slept.
  const other = await createDeployment(db, await orderOf(1))
  const done = {
    status: 'done',
    absolute_path: '/models/1',
    bytes_done: 1,
    bytes_total: 1,
  } as const
  await advanceDeployment(db, { ...done, job_id: other.job_id, deployment_id: other.deployment_id })
  await expect(assertConditions(db, claimed, conditions!.conditions)).rejects.toThrow(HeldBack)
  const end = { status: 'failed', bytes_done: 1, bytes_total: 1, held } as const
  await advanceDeployment(db, { job_id, deployment_id, ...end })
})
