import { initialTracker } from '@bestmark/core'
import { and, eq, inArray, isNotNull, notInArray, sql } from 'drizzle-orm'
import type { JobChanges, Tx } from '../rows/job.ts'
import {
  attempts,
  checkpoints,
  deployments,
  evaluationCurves,
  evaluations,
  type JobRow,
  logChunks,
  logs,
  samples,
  seriesChunks,
  seriesTails,
} from '../schema.ts'
import { storable } from '../values/storable.ts'

/** Which checkpoints of a run stay, as missing until they are recorded again. */
export interface KeptCheckpoints {
  /** Paths that are no checkpoints after all. */
  except: readonly string[]
}

/**
 * Deletes all that was recorded of a run, for a source that reads the whole history again. Shipped
 * and pinned checkpoints stay, and the others if `kept` is given. Returns the new values of the job's
 * row.
 */
export async function forgetRun(
  tx: Tx,
  job: JobRow,
  revision: number,
  kept?: KeptCheckpoints,
): Promise<JobChanges> {
  const { job_id } = job
  const measured = [evaluations, evaluationCurves, seriesChunks, seriesTails]
  for (const table of [attempts, ...measured, logs, logChunks]) {
    await tx.delete(table).where(eq(table.job_id, job_id))
  }
  // Samples that were found by their file names are not part of the log.
  await tx.delete(samples).where(and(eq(samples.job_id, job_id), eq(samples.step_from, 'log')))
  const shipped = tx
    .select({ checkpoint_id: deployments.checkpoint_id })
    .from(deployments)
    .where(eq(deployments.job_id, job_id))
  const unbound = and(eq(checkpoints.job_id, job_id), eq(checkpoints.pinned, false))
  const dropped = kept && inArray(checkpoints.path, kept.except.map(storable))
  await tx
    .delete(checkpoints)
    .where(and(unbound, notInArray(checkpoints.checkpoint_id, shipped), dropped))
  const files_why = kept ? 'nothing is at its path' : "no longer in the run's history"
  const ofJob = eq(checkpoints.job_id, job_id)
  const files = { files_state: 'missing', files_why, files_fault: null } as const
  const isCurrent = kept && eq(checkpoints.overwritten, false)
  const overwritten = kept ? {} : { overwritten: false }
  await tx
    .update(checkpoints)
    .set({ ...files, ...overwritten, revision })
    .where(and(ofJob, isCurrent))
  await tx.update(checkpoints).set({ arrival: null }).where(ofJob)
  const touched = {
    series_revision: revision,
    // If no series was stored, readers have nothing to drop.
    history_revision: job.series_revision > 0 ? revision : 0,
    checkpoints_revision: revision,
    logs_revision: revision,
    samples_revision: revision,
  }
  const declarations = {
    points_removed_at: null,
    claim: null,
    config: {},
    setup_config: {},
    environment: {},
    metric_directions: {},
  }
  return { ...initialTracker().facts, ...declarations, ...touched }
}

/** A digest of a checkpoint, which takes long to compute. */
export type TakenDigest = Pick<
  typeof checkpoints.$inferSelect,
  'checkpoint_id' | 'signature' | 'digest'
>

/** The digests of a job, to be restored after its history is recorded again. */
export async function takenDigests(tx: Tx, job_id: string): Promise<TakenDigest[]> {
  const { checkpoint_id, signature, digest } = checkpoints
  return tx
    .select({ checkpoint_id, signature, digest })
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), isNotNull(digest)))
}

/** Restores digests of files that are unchanged. */
export async function restoreDigests(
  tx: Tx,
  job_id: string,
  taken: readonly TakenDigest[],
): Promise<void> {
  if (taken.length === 0) return
  const column = (name: keyof TakenDigest) => sql.param(taken.map((row) => row[name]))
  await tx.execute(sql`
    update checkpoints set digest = taken.digest
    from unnest(${column('checkpoint_id')}::uuid[], ${column('signature')}::text[],
      ${column('digest')}::text[]) as taken (checkpoint_id, signature, digest)
    where job_id = ${job_id} and checkpoints.checkpoint_id = taken.checkpoint_id
      and checkpoints.signature = taken.signature`)
}
