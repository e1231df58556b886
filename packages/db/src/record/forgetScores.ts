import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import type { JobChanges, Tx } from '../rows/job.ts'
import { evaluationCurves, evaluations, type JobRow } from '../schema.ts'

/**
 * Deletes the scores that were measured after training. The run's own values and files stay. Returns
 * the new values of the job's row.
 */
export async function forgetScores(tx: Tx, job: JobRow, revision: number): Promise<JobChanges> {
  const { job_id } = job
  const deleted = await tx
    .delete(evaluations)
    .where(and(eq(evaluations.job_id, job_id), isNotNull(evaluations.scored_by)))
    .returning({ metric: evaluations.metric })
  await tx.delete(evaluationCurves).where(eq(evaluationCurves.job_id, job_id))
  await numberRepeats(tx, job_id)
  const scored = [...new Set(deleted.map(({ metric }) => metric))]
  const left = await metricsAmong(tx, job_id, scored)
  const isGone = (metric: string): boolean => scored.includes(metric) && !left.has(metric)
  const kept = Object.entries(job.metric_directions).filter(([metric]) => !isGone(metric))
  return {
    metric_directions: Object.fromEntries(kept),
    series_revision: revision,
    history_revision: revision,
    checkpoints_revision: revision,
  }
}

/** The first of the remaining values of a step counts, even if a score came before it. */
async function numberRepeats(tx: Tx, job_id: string): Promise<void> {
  await tx.execute(sql`
    update evaluations as one set repeat = 0
    where job_id = ${job_id} and repeat > 0
      and repeat = (
        select min(repeat) from evaluations as other
        where other.job_id = one.job_id and other.attempt = one.attempt
          and other.step = one.step and other.metric = one.metric)`)
}

async function metricsAmong(
  tx: Tx,
  job_id: string,
  metrics: readonly string[],
): Promise<Set<string>> {
  if (metrics.length === 0) return new Set()
  const rows = await tx
    .selectDistinct({ metric: evaluations.metric })
    .from(evaluations)
    .where(and(eq(evaluations.job_id, job_id), inArray(evaluations.metric, [...metrics])))
  return new Set(rows.map(({ metric }) => metric))
}
