import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { shippedCheckpoints } from '../jobs/files.ts'
import { publishTargets } from '../targets/targets.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { approveDeployment } from './approve.ts'
import { claimDeployment } from './claim.ts'
import { listDeployments } from './deployments.ts'
import { createDeployment } from './order.ts'
import { withdrawDeployment } from './withdraw.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A job on a host whose target `prod` needs an approval, and how to order its best. */
async function trained() {
  const host_id = randomUUID()
  const conditions = { approved: true } as const
  await publishTargets(db, host_id, [{ name: 'prod', kind: 'folder', place: '/srv', conditions }])
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, evaluation(1, 1), checkpoint(1))
  const [file] = await listCheckpoints(db, job_id)
  const order = async (target?: string) => {
    const what = { job_id, checkpoint_id: file!.checkpoint_id, model_name: 'moby', by: 'ana' }
    const { deployment_id } = await createDeployment(db, { ...what, target })
    return { job_id, deployment_id }
  }
  return { host_id, job_id, order }
}

test('an order that waits for an approval is withdrawn by anybody, and stays in the ledger', async () => {
  const { host_id, job_id, order } = await trained()
  const key = await order('prod')
  const withdrawn = await withdrawDeployment(db, { ...key, by: ' max ' })
  expect(withdrawn).toMatchObject({ status: 'withdrawn', by: 'ana', withdrawn_by: 'max' })
  expect(withdrawn.ended_at).not.toBeNull()
  expect(await listDeployments(db, { job_id })).toEqual([withdrawn])
  const late = approveDeployment(db, { ...key, by: 'vera' })
  await expect(late).rejects.toMatchObject({ code: 'ended' })
  await expect(withdrawDeployment(db, key)).rejects.toThrow('it is withdrawn')
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  // Its files need not be kept.
  expect(await shippedCheckpoints(db, job_id)).toEqual(new Set())
})

test('an order that an agent has begun, or an unknown one, is not withdrawn', async () => {
  const { host_id, job_id, order } = await trained()
  const key = await order()
  expect(await claimDeployment(db, host_id)).toMatchObject(key)
  await expect(withdrawDeployment(db, key)).rejects.toThrow('it is copying')
  const unknown = { job_id, deployment_id: randomUUID() }
  await expect(withdrawDeployment(db, unknown)).rejects.toThrow('has no shipment')
})

test('of a claim and a withdrawal at once, one happens', async () => {
  const { host_id, order } = await trained()
  const key = await order()
  const [claim, withdrawal] = await Promise.allSettled([
    claimDeployment(db, host_id),
    withdrawDeployment(db, key),
  ])
  const isClaimed = claim.status === 'fulfilled' && claim.value !== undefined
  expect(isClaimed).toBe(withdrawal.status === 'rejected')
})

test('the database itself refuses to withdraw what has begun, and to change a withdrawn order', async () => {
  const { host_id, order } = await trained()
  const key = await order()
  await claimDeployment(db, host_id)
  const { sql } = db
  const id = key.deployment_id
  for (const attempt of [
    sql`update deployments set status = 'withdrawn' where deployment_id = ${id}`,
    sql`update deployments set withdrawn_by = 'max' where deployment_id = ${id}`,
  ]) {
    await expect(attempt).rejects.toThrow(/Only an order that no agent has begun/)
  }
  const other = await order('prod')
  await withdrawDeployment(db, other)
  for (const status of ['queued', 'done']) {
    const change = sql`update deployments set status = ${status}
      where deployment_id = ${other.deployment_id}`
    await expect(change).rejects.toThrow(/has ended \(withdrawn\)/)
  }
})
