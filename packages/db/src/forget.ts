import { initialTracker } from '@bestmark/core'
import { and, eq, notExists, sql } from 'drizzle-orm'
import type { JobChanges, Tx } from './job.ts'
import {
  attempts,
  checkpoints,
  deployments,
  evaluations,
  type JobRow,
  logs,
  seriesChunks,
} from './schema.ts'

/**
 * Takes back all that was recorded of a run, for a source that tells the whole history anew.
 * A checkpoint that was shipped stays in the ledger, as missing until it is told again. Returns what
 * the job's row is left with.
 */
export async function forgetRun(tx: Tx, job: JobRow, revision: number): Promise<JobChanges> {
  const { job_id } = job
  for (const table of [attempts, seriesChunks, evaluations, logs]) {
    await tx.delete(table).where(eq(table.job_id, job_id))
  }
  const shipped = tx
    .select({ one: sql`1` })
    .from(deployments)
    .where(
      and(
        eq(deployments.job_id, checkpoints.job_id),
        eq(deployments.checkpoint_id, checkpoints.checkpoint_id),
      ),
    )
  await tx.delete(checkpoints).where(and(eq(checkpoints.job_id, job_id), notExists(shipped)))
  const files = { files_state: 'missing', files_why: "no longer in the run's history" } as const
  await tx
    .update(checkpoints)
    .set({ ...files, overwritten: false, revision })
    .where(eq(checkpoints.job_id, job_id))
  const touched = {
    series_revision: revision,
    // Where nothing was known there is nothing to drop.
    history_revision: job.series_revision > 0 ? revision : 0,
    checkpoints_revision: revision,
    logs_revision: revision,
  }
  return { ...initialTracker().facts, claim: null, config: {}, metric_directions: {}, ...touched }
}
