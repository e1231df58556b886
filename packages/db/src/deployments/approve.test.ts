import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { publishTargets } from '../targets/targets.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { approveDeployment } from './approve.ts'
import { advanceDeployment, claimDeployment } from './claim.ts'
import { listDeployments } from './deployments.ts'
import { createDeployment } from './order.ts'
import { rollBack } from './rollBack.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const CONDITIONS = { approved: true } as const

/** Two checkpoints on a host whose target `prod` needs an approval, and how to order and end them. */
async function trained() {
  const host_id = randomUUID()
  const publish = (conditions: typeof CONDITIONS | null) =>
    publishTargets(db, host_id, [{ name: 'prod', kind: 'folder', place: '/srv', conditions }])
  await publish(CONDITIONS)
  const job_id = await newJob(db, { host_id })
  await recordEvents(db, job_id, evaluation(1, 1), checkpoint(1), evaluation(2, 2), checkpoint(2))
  const files = await listCheckpoints(db, job_id)
  const order = (at: number, by?: string, person_id?: string) => {
    const { checkpoint_id } = files[at]!
    const what = { job_id, checkpoint_id, model_name: `model-${job_id.slice(0, 8)}` }
    return createDeployment(db, { ...what, target: 'prod', by, person_id, why: 'a test' })
  }
  const end = async () => {
    const { deployment_id, held } = (await claimDeployment(db, host_id))!
    const done = { status: 'done', bytes_done: 1, bytes_total: 1, absolute_path: '/m/1' } as const
    await advanceDeployment(db, { job_id, deployment_id, held, ...done })
  }
  return { host_id, job_id, order, end, publish }
}

test('an order that needs an approval waits in the ledger until a second person gives it', async () => {
  const { host_id, job_id, order } = await trained()
  const made = await order(0, 'ana')
  const { deployment_id } = made
  expect(made).toMatchObject({ status: 'queued', needs_approval: true, approved_by: null })
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  const same = approveDeployment(db, { job_id, deployment_id, by: ' Ana' })
  await expect(same).rejects.toMatchObject({ code: 'same_person' })
  await expect(same).rejects.toThrow('Ask a second person.')
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  const approved = await approveDeployment(db, { job_id, deployment_id, by: ' max ' })
  expect(approved).toMatchObject({ by: 'ana', approved_by: 'max' })
  expect(approved.approved_at).not.toBeNull()
  expect(await claimDeployment(db, host_id)).toMatchObject({ deployment_id })
  const again = approveDeployment(db, { job_id, deployment_id, by: 'vera' })
  await expect(again).rejects.toMatchObject({ code: 'already_approved' })
})

test('of two accounts the ids are compared, by the database too: names may be equal, or have changed', async () => {
  const { job_id, order } = await trained()
  const [ana, other] = [randomUUID(), randomUUID()]
  const { deployment_id } = await order(0, 'Ana', ana)
  const approve = (by: string, person_id: string) =>
    approveDeployment(db, { job_id, deployment_id, by, person_id })
  await expect(approve('Ana Maria', ana)).rejects.toMatchObject({ code: 'same_person' })
  const { sql } = db
  const written = sql`update deployments set approved_by = 'Ana Maria', approved_at = 1,
    approved_by_person_id = ${ana} where deployment_id = ${deployment_id}`
  await expect(written).rejects.toThrow(/An approval is written once/)
  const moved = sql`update deployments set by_person_id = ${other} where deployment_id = ${deployment_id}`
  await expect(moved).rejects.toThrow(/What was ordered does not change/)
  expect(await approve('Ana', other)).toMatchObject({ by: 'Ana', approved_by: 'Ana' })
})

test('of two approvals at once, one is in the ledger', async () => {
  const { job_id, order } = await trained()
  const { deployment_id } = await order(0, 'ana')
  const both = ['max', 'vera'].map((by) => approveDeployment(db, { job_id, deployment_id, by }))
  const ends = await Promise.allSettled(both)
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('an order without a name, and an approval of an unknown shipment, are refused', async () => {
  const { job_id, order } = await trained()
  await expect(order(0)).rejects.toThrow('Say who orders it')
  expect(await listDeployments(db, { job_id })).toEqual([])
  const unknown = approveDeployment(db, { job_id, deployment_id: randomUUID(), by: 'max' })
  await expect(unknown).rejects.toMatchObject({ code: 'unknown' })
})

test('a roll back to such a target waits, too', async () => {
  const { host_id, job_id, order, end, publish } = await trained()
  await publish(null)
  const first = await order(0)
  await end()
  await order(1)
  await end()
  await publish(CONDITIONS)
  const to = { job_id, deployment_id: first.deployment_id }
  await expect(rollBack(db, to)).rejects.toThrow('Say who orders it')
  const { deployment_id } = await rollBack(db, { ...to, by: 'ana' })
  expect(await claimDeployment(db, host_id)).toBeUndefined()
  await approveDeployment(db, { job_id, deployment_id, by: 'max' })
  expect(await claimDeployment(db, host_id)).toMatchObject({ deployment_id })
})

test('the database itself refuses to begin without an approval, and to write one otherwise', async () => {
  const { job_id, order, publish } = await trained()
  const { deployment_id } = await order(0, 'ana')
  const { sql } = db
  const advance = { job_id, deployment_id, bytes_done: 0, bytes_total: 1 }
  await expect(advanceDeployment(db, { ...advance, status: 'copying' })).rejects.toThrow()
  const approve = (by: string | null, at: number | null, id = deployment_id) => sql`
    update deployments set approved_by = ${by}, approved_at = ${at} where deployment_id = ${id}`
  for (const [by, at] of [
    ['max', null],
    [null, 1],
    [' ANA ', 1],
  ] as const) {
    await expect(approve(by, at)).rejects.toThrow(/An approval is written once/)
  }
  await expect(
    sql`update deployments set needs_approval = false where deployment_id = ${deployment_id}`,
  ).rejects.toThrow(/What was ordered does not change/)
  await approve('max', 1)
  for (const by of ['vera', null]) {
    await expect(approve(by, by === null ? null : 2)).rejects.toThrow(/An approval is written once/)
  }
  await publish(null)
  const free = await order(0, 'ana')
  await expect(approve('max', 1, free.deployment_id)).rejects.toThrow(/An approval is written once/)
})
