import { type AlertFacts, hasEnded, isSystem, type JobNews } from '@bestmark/core'
import { and, asc, desc, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { liveDeployments } from '../deployments/deployments.ts'
import type { alertFacts } from '../schema.ts'
import { attempts, evaluations, type JobRow, seriesPieces } from '../schema.ts'

export type SeenFacts = typeof alertFacts.$inferSelect

/** The facts of a job that the next look compares with. */
export function factsOf(job: JobRow): AlertFacts {
  const { status, attempt, best_checkpoint_id, best_step, best_metric, best_metric_name } = job
  const { evaluations_without_improvement } = job
  return {
    ...{ status, attempt, best_checkpoint_id, best_step, best_metric, best_metric_name },
    evaluations_without_improvement,
  }
}

/** What happened to a job since the last check; `before` is null if there was none. */
export async function jobNews(tx: Tx, job: JobRow, before: SeenFacts | null): Promise<JobNews> {
  const seen = before?.revision ?? 0
  const { registered_at, updated_at, last_logged_at } = job
  // The revisions in the job's row show whether there can be new rows of a kind.
  const hasPoints = job.series_revision > seen
  return {
    before,
    after: factsOf(job),
    ...{ registered_at, updated_at, last_logged_at },
    ends: await endsSince(tx, job, seen),
    nonFinite: hasPoints
      ? [
          ...(await badEvaluations(tx, job.job_id, seen)),
          ...(await badLosses(tx, job.job_id, seen)),
        ]
      : [],
    best_evaluation: hasPoints ? await bestEvaluation(tx, job) : null,
    live: job.deployments_revision > 0 ? await liveOf(tx, job.job_id) : [],
  }
}

async function endsSince(tx: Tx, { job_id }: JobRow, seen: number): Promise<JobNews['ends']> {
  const { attempt, status, error, ended_at: at } = attempts
  const rows = await tx
    .select({ attempt, status, error, at })
    .from(attempts)
    .where(and(eq(attempts.job_id, job_id), gt(attempts.revision, seen)))
    .orderBy(asc(attempt))
  return rows.flatMap(({ status, ...end }) => {
    return status !== null && hasEnded(status) ? [{ ...end, status }] : []
  })
}

const NOT_FINITE = sql`('NaN'::float8, 'Infinity'::float8, '-Infinity'::float8)`

/** The first evaluation of each metric and attempt whose value is not finite, of the new ones. */
async function badEvaluations(tx: Tx, job_id: string, seen: number): Promise<JobNews['nonFinite']> {
  const { attempt, metric, step, value, at } = evaluations
  const rows = await tx
    .selectDistinctOn([attempt, metric], { attempt, metric, step, value, at })
    .from(evaluations)
    .where(
      and(
        eq(evaluations.job_id, job_id),
        gt(evaluations.revision, seen),
        isNull(evaluations.scored_by),
        sql`${value} in ${NOT_FINITE}`,
      ),
    )
    .orderBy(attempt, metric, step)
  return rows.flatMap(({ value, ...row }) => (value === null ? [] : [{ ...row, value }]))
}

/** Gradients may overflow in healthy runs with scaled losses, so only losses count. */
const IS_LOSS = sql`${seriesPieces.name} ~ '(^|[/_.])loss$'`

/** The first point of each training loss and attempt that is not finite, in chunks that grew. */
async function badLosses(tx: Tx, job_id: string, seen: number): Promise<JobNews['nonFinite']> {
  const { attempt, name, ordinal, steps, values, times, non_finite } = seriesPieces
  const rows = await tx
    .selectDistinctOn([attempt, name], { attempt, name, steps, values, times })
    .from(seriesPieces)
    .where(
      and(
        eq(seriesPieces.job_id, job_id),
        gt(seriesPieces.revision, seen),
        gt(non_finite, 0),
        IS_LOSS,
      ),
    )
    .orderBy(attempt, name, ordinal)
  return rows.flatMap(({ attempt, name: metric, steps, values, times }) => {
    const index = values.findIndex((value) => !Number.isFinite(value))
    const [step, value, at] = [steps[index], values[index], times[index]]
    if (step === undefined || value === undefined || isSystem(metric)) return []
    return [{ attempt, metric, step, value, at: Number.isFinite(at) ? (at ?? null) : null }]
  })
}

/** The evaluation from which those without improvement are counted. */
async function bestEvaluation(
  tx: Tx,
  { job_id, best_metric_name, evaluations_without_improvement }: JobRow,
): Promise<JobNews['best_evaluation']> {
  if (best_metric_name === null || evaluations_without_improvement === null) return null
  const { attempt, step, metric, value, scored_by, repeat, arrival } = evaluations
  const [row] = await tx
    .select({ attempt, step })
    .from(evaluations)
    .where(
      and(
        eq(evaluations.job_id, job_id),
        eq(metric, best_metric_name),
        isNull(scored_by),
        eq(repeat, 0),
        sql`${value} not in ${NOT_FINITE}`,
      ),
    )
    .orderBy(desc(arrival))
    .offset(evaluations_without_improvement)
    .limit(1)
  return row ?? null
}

async function liveOf(tx: Tx, job_id: string): Promise<JobNews['live']> {
  const live = await liveDeployments({ orm: tx }, { job_id })
  return live.map(({ deployment_id, model_name, checkpoint_id, step, is_best, ended_at }) => {
    return { deployment_id, model_name, checkpoint_id, step, was_best: is_best, at: ended_at }
  })
}
