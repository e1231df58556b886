import type { FrozenChoice } from '@bestmark/core'
import {
  and,
  asc,
  eq,
  exists,
  gte,
  inArray,
  isNotNull,
  lt,
  ne,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, type Tx } from '../rows/job.ts'
import { deployments, type DeploymentStatus, MOVING, trainingJobs } from '../schema.ts'
import { absolutePath } from '../values/root.ts'
import { type Deployment, deploymentById, readChoice, SHIPS_ON, written } from './deployments.ts'

/** The fields of a deployment that its agent needs. */
export interface ClaimedDeployment extends Deployment {
  root: string
  /** The decision when it was ordered; null in rows of older versions. */
  choice: FrozenChoice | null
  /** Absolute path of the checkpoint's files. */
  source_path: string
  /** The path of the earlier shipped files, for a roll back; null if they were never shipped here. */
  earlier_path: string | null
  /** Whether an agent already started to ship it, maybe this one before a restart. */
  was_begun: boolean
  /**
   * The revision that the claim was written with. The claim is valid until the revision changes.
   */
  held: number
}

/** If its agent is silent for this long (ms), a deployment may be claimed again. */
const SILENCE = 30_000

/** Whether an agent may claim a deployment. */
function isOpen() {
  const { status, advanced_at, needs_approval, approved_at } = deployments
  return or(
    and(eq(status, 'queued'), or(eq(needs_approval, false), isNotNull(approved_at))),
    and(inArray(status, [...MOVING]), lt(advanced_at, sql`${clock} - ${SILENCE}`)),
  )
}

/** Whether a deployment waits for the agent of a host, as a part of a query. */
export function hasOpenOrder({ orm }: Database, host_id: string): SQL {
  const waiting = orm
    .select({ one: sql`1` })
    .from(deployments)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, deployments.job_id))
    .where(and(eq(SHIPS_ON, host_id), isOpen()))
  return exists(waiting)
}

/**
 * Claims the oldest deployment that waits for the agent of a host, or that its agent abandoned. Two
 * callers never get the same one, nor two of the same model at one target, because an older version
 * could become live after a newer one. Undefined if there is none.
 */
export async function claimDeployment(
  db: Database,
  host_id: string,
): Promise<ClaimedDeployment | undefined> {
  const { job_id, deployment_id, status, choice, model_name, target } = deployments
  const waiting = await db.orm
    .select({
      ...{ job_id, deployment_id, status, choice, model_name, target },
      root: trainingJobs.output_dir,
    })
    .from(deployments)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(and(eq(SHIPS_ON, host_id), isOpen()))
    .orderBy(asc(deployments.created_at))
    .limit(10)
  for (const one of waiting) {
    // Finds an id first, then locks the row together with its job, so it also works on tables
    // distributed by job.
    const taken = await changeJob<number | undefined>(
      db,
      one.job_id,
      async (tx, _job, revision) => {
        if (await isBusy(tx, host_id, one)) return { answer: undefined }
        const rows = await tx
          .update(deployments)
          .set({ status: 'copying', bytes_done: 0, advanced_at: clock, revision })
          .where(and(eq(job_id, one.job_id), eq(deployment_id, one.deployment_id), isOpen()))
          .returning({ deployment_id })
        const set = { deployments_revision: revision }
        return rows.length > 0 ? { set, answer: revision } : { answer: undefined }
      },
    )
    if (taken === undefined) continue
    const deployment = written(await deploymentById(db, one.job_id, one.deployment_id))
    const { rolls_back_to } = deployment
    const earlier = rolls_back_to ? await deploymentById(db, one.job_id, rolls_back_to) : undefined
    const earlier_path = earlier?.absolute_path ?? null
    const source_path = absolutePath(one.root, deployment.path)
    const was_begun = one.status !== 'queued'
    const order = { ...deployment, root: one.root, choice: readChoice(one.choice) }
    return { ...order, source_path, earlier_path, was_begun, held: taken }
  }
  return undefined
}

/** Whether another agent of a host ships the same model to the same target now. */
async function isBusy(
  tx: Tx,
  of_host: string,
  one: Pick<typeof deployments.$inferSelect, 'deployment_id' | 'model_name' | 'target'>,
): Promise<boolean> {
  // Two claims at once see each other.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`ship ${of_host}`}, 0))`)
  const { deployment_id, model_name, target, status, advanced_at } = deployments
  const [other] = await tx
    .select({ deployment_id })
    .from(deployments)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, deployments.job_id))
    .where(
      and(
        eq(SHIPS_ON, of_host),
        ...[eq(model_name, one.model_name), eq(target, one.target)],
        ...[ne(deployment_id, one.deployment_id), inArray(status, [...MOVING])],
        gte(advanced_at, sql`${clock} - ${SILENCE}`),
      ),
    )
    .limit(1)
  return other !== undefined
}

/** The progress of a deployment, as its agent reports it. */
export interface DeploymentAdvance {
  job_id: string
  deployment_id: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  /** The path of the shipped files, once they are there. */
  absolute_path?: string | null
  /** SHA-256 of the shipped files, once they are there. */
  digest?: string | null
  error?: string | null
  /** The end of what the target's program or receiver answered. */
  output?: string | null
  /** The revision of the last report; written only if no other agent claimed it since. */
  held?: number
}

/**
 * Records the progress of a deployment, and returns the new revision. Undefined, and nothing
 * changes, if the deployment has ended or another agent claimed it. Throws JobUnknown.
 */
export async function advanceDeployment(
  db: Database,
  advance: DeploymentAdvance,
): Promise<number | undefined> {
  const { job_id, deployment_id, held, absolute_path: path, ...changes } = advance
  const ended = changes.status === 'done' || changes.status === 'failed'
  return changeJob<number | undefined>(db, job_id, async (tx, _job, revision) => {
    const rows = await tx
      .update(deployments)
      .set({
        ...changes,
        path,
        revision,
        advanced_at: clock,
        ...(ended ? { ended_at: clock } : {}),
      })
      .where(
        and(
          eq(deployments.job_id, job_id),
          eq(deployments.deployment_id, deployment_id),
          inArray(deployments.status, ['queued', ...MOVING]),
          held === undefined ? undefined : eq(deployments.revision, held),
        ),
      )
      .returning({ deployment_id: deployments.deployment_id })
    const set = { deployments_revision: revision }
    return rows.length > 0 ? { set, answer: revision } : { answer: undefined }
  })
}
