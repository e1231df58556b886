import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob } from '../rows/job.ts'
import { deployments } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { type Deployment, deploymentById, written } from './deployments.ts'

/** Which order is withdrawn, and by whom. */
export interface Withdrawal {
  job_id: string
  deployment_id: string
  by?: string | undefined
}

/**
 * Withdraws an order that no agent has begun, such as one that waits for an approval. It stays in the
 * ledger, with who withdrew it and when. Throws Refused if an agent began it, or if it has ended;
 * and JobUnknown.
 */
export async function withdrawDeployment(
  db: Database,
  { job_id, deployment_id, by }: Withdrawal,
): Promise<Deployment> {
  await changeJob(db, job_id, async (tx, _job, revision) => {
    const ours = and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id))
    const [order] = await tx.select({ status: deployments.status }).from(deployments).where(ours)
    if (!order) throw new Refused(`The ledger has no shipment ${deployment_id} of this job.`)
    if (order.status !== 'queued') {
      throw new Refused(
        `Only an order that no agent has begun is withdrawn; it is ${order.status}.`,
      )
    }
    await tx
      .update(deployments)
      .set({ status: 'withdrawn', withdrawn_by: by?.trim() || null, ended_at: clock, revision })
      .where(ours)
    return { set: { deployments_revision: revision }, answer: undefined }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}
