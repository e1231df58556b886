import { type NoApproval, noApproval, noApprovalText } from '@bestmark/core'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob } from '../rows/job.ts'
import { deployments } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { type Deployment, deploymentById, written } from './deployments.ts'

/** A shipment was not approved. */
export class NotApproved extends Refused {
  readonly code: NoApproval

  constructor(code: NoApproval) {
    super(noApprovalText(code))
    this.code = code
  }
}

/** Who approves which order. */
export interface Approval {
  job_id: string
  deployment_id: string
  by: string
  /** The account of that person. */
  person_id?: string | null
}

/**
 * Approves an order, so that an agent takes it. Throws NotApproved if it does not wait for that, or if
 * the same person ordered it. Throws JobUnknown.
 */
export async function approveDeployment(db: Database, approval: Approval): Promise<Deployment> {
  const { job_id, deployment_id, by, person_id = null } = approval
  await changeJob(db, job_id, async (tx, _job, revision) => {
    const ours = and(eq(deployments.job_id, job_id), eq(deployments.deployment_id, deployment_id))
    const [order] = await tx.select().from(deployments).where(ours)
    const code = order ? noApproval(order, { name: by, person_id }) : 'unknown'
    if (code !== null) throw new NotApproved(code)
    await tx
      .update(deployments)
      .set({
        ...{ approved_by: by.trim(), approved_by_person_id: person_id },
        ...{ approved_at: clock, revision },
      })
      .where(ours)
    const ships_on = order?.host_id ?? null
    return { set: { deployments_revision: revision }, answer: undefined, ships_on }
  })
  return written(await deploymentById(db, job_id, deployment_id))
}
