import { randomUUID } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, type Tx } from '../rows/job.ts'
import { deployments } from '../schema.ts'
import { conditionsOf } from '../targets/targets.ts'
import { Refused } from '../values/refused.ts'
import { type Deployment, deploymentById, liveDeployments, written } from './deployments.ts'
import { assertNamed, orderer, type Orderer } from './order.ts'

/** An order to make the files of an earlier shipment live again. */
export interface RollBackOrder extends Orderer {
  /** The job and the id of that shipment. */
  job_id: string
  deployment_id: string
}

/**
 * Orders a roll back. It is an entry of its own that names the earlier shipment. Throws Refused if
 * that shipment was never live on this board, or is live now, or if a second person must approve the
 * roll back and nobody is named who orders it. Throws JobUnknown.
 */
export async function rollBack(db: Database, order: RollBackOrder): Promise<Deployment> {
  const { job_id } = order
  const deployment_id = randomUUID()
  await changeJob(db, job_id, async (tx, job, revision) => {
    const earlier = await earlierShipment(tx, order)
    const { checkpoint_id, model_name, target, contents, files_from, choice } = earlier
    const { host_id, host } = earlier
    const what = { job_id, checkpoint_id, model_name, target, contents, files_from, host_id, host }
    const kept = { ...what, choice, bytes_total: earlier.bytes_total }
    const needs_approval =
      (await conditionsOf(tx, host_id ?? job.host_id, target))?.approved ?? false
    if (needs_approval) assertNamed(order, target)
    const is_best = job.best_checkpoint_id === checkpoint_id
    const reason = 'An earlier version of this model.'
    await tx.insert(deployments).values({
      ...{ ...kept, deployment_id, is_best, needs_approval, reason, revision },
      ...{ status: 'queued', created_at: clock, rolls_back_to: earlier.deployment_id },
      ...orderer(order),
    })
    return { set: { deployments_revision: revision }, answer: undefined, ships_on: host_id }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}

/** The row of the shipment to go back to. Throws Refused if that cannot be done. */
async function earlierShipment(
  tx: Tx,
  { job_id, deployment_id }: RollBackOrder,
): Promise<typeof deployments.$inferSelect> {
  const [row] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id)))
  if (!row) throw new Refused(`The ledger has no shipment ${deployment_id} of this job.`)
  if (row.status !== 'done') {
    throw new Refused(`That shipment was never live here: it is ${row.status}. Choose another one.`)
  }
  const live = await liveDeployments({ orm: tx }, { model_name: row.model_name })
  if (!live.some((one) => one.deployment_id === deployment_id)) return row
  throw new Refused(`That shipment is live now, so models/${row.model_name} stays as it is.`)
}
