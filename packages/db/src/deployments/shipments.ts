import { and, asc, eq, inArray } from 'drizzle-orm'
import { checkpointId } from '../rows/checkpointRows.ts'
import type { Database } from '../connection/client.ts'
import { changeJob, type Tx } from '../rows/job.ts'
import { checkpoints, deployments } from '../schema.ts'

/** How a shipment ended. */
const ENDS = ['done', 'failed', 'withdrawn', 'elsewhere'] as const
type EndedStatus = (typeof ENDS)[number]

/**
 * A shipment that ended, as in an export: the checkpoint, the model name, the time and the reason.
 */
export interface Shipment extends Pick<
  typeof deployments.$inferSelect,
  | 'deployment_id'
  | 'is_best'
  | 'reason'
  | 'by'
  | 'why'
  | 'choice'
  | 'needs_approval'
  | 'approved_by'
  | 'approved_at'
  | 'withdrawn_by'
  | 'rolls_back_to'
  | 'contents'
  | 'files_from'
  | 'digest'
  | 'model_name'
  | 'target'
  | 'output'
  | 'bytes_done'
  | 'bytes_total'
  | 'error'
  | 'created_at'
  | 'ended_at'
> {
  /** The checkpoint's index within its job. */
  attempt: number
  step: number | null
  checkpoint: string
  /** `elsewhere` if another board shipped it. */
  status: EndedStatus
  /** The path of the shipped files on that host. */
  path: string | null
}

const { job_id, deployment_id, is_best, reason, model_name, status } = deployments
const { by, why, choice, rolls_back_to, contents, files_from, target, output, digest } = deployments
const { needs_approval, approved_by, approved_at, withdrawn_by } = deployments
const { bytes_done, bytes_total, path, error, created_at, ended_at } = deployments
const { attempt, step, path: checkpoint } = checkpoints

/** The ended shipments of a job, oldest first. */
export async function shipmentsOf(tx: Tx, of_job: string): Promise<Shipment[]> {
  const rows = await tx
    .select({
      ...{ deployment_id, attempt, step, checkpoint, digest, is_best, reason, model_name },
      ...{ by, why, choice, rolls_back_to, contents, files_from, target, output },
      ...{ needs_approval, approved_by, approved_at, withdrawn_by },
      ...{ status, bytes_done, bytes_total, path, error, created_at, ended_at },
    })
    .from(deployments)
    .innerJoin(
      checkpoints,
      and(eq(checkpoints.job_id, job_id), eq(checkpoints.checkpoint_id, deployments.checkpoint_id)),
    )
    .where(and(eq(job_id, of_job), inArray(status, [...ENDS])))
    .orderBy(asc(created_at), asc(deployment_id))
  return rows.flatMap((row) => {
    const status = ENDS.find((end) => end === row.status)
    return status ? [{ ...row, status }] : []
  })
}

/**
 * Adds shipments of another board to a job's ledger as history. Stored ones do not change. One
 * without its checkpoint in the job is left out. Throws JobUnknown.
 */
export async function restoreShipments(
  db: Database,
  of_job: string,
  shipments: readonly Shipment[],
): Promise<void> {
  if (shipments.length === 0) return
  await changeJob(db, of_job, async (tx, _job, revision) => {
    const stored = await tx
      .select({ checkpoint_id: checkpoints.checkpoint_id })
      .from(checkpoints)
      .where(eq(checkpoints.job_id, of_job))
    const ids = new Set(stored.map(({ checkpoint_id }) => checkpoint_id))
    const rows = shipments.flatMap(({ attempt, step, checkpoint, ...facts }) => {
      const checkpoint_id = checkpointId(of_job, { attempt, step, path: checkpoint })
      const status = facts.status === 'done' ? 'elsewhere' : facts.status
      const row = { ...facts, job_id: of_job, checkpoint_id, status, revision } as const
      return ids.has(checkpoint_id) ? [row] : []
    })
    if (rows.length === 0) return { answer: undefined }
    const added = await tx
      .insert(deployments)
      .values(rows)
      .onConflictDoNothing()
      .returning({ deployment_id })
    const set = { deployments_revision: revision }
    return added.length > 0 ? { set, answer: undefined } : { answer: undefined }
  })
}
