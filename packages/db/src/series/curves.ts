import { thin } from '@bestmark/core'
import { inArray } from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import type { EvaluationRow } from '../rows/evaluationRows.ts'
import type { Tx } from '../rows/job.ts'
import { joinedAttempts, type JoinedAttempt } from '../rows/joined.ts'
import { evaluationCurves } from '../schema.ts'
import { joinPoints, type MeasuredPoint, measuredPoints, seriesOfPoints } from './measuredSeries.ts'

/** A small curve of eval_loss. */
export interface Curve {
  steps: Float64Array
  values: Float64Array
}

const METRIC = 'eval_loss'

/** How many points a curve in a list may have. */
const POINTS = 60

/** The eval_loss curve of each job that has one. */
export async function evalCurves(
  { orm }: Database,
  job_ids: readonly string[],
): Promise<Record<string, Curve>> {
  if (job_ids.length === 0) return {}
  const rows = await joinedAttempts(orm, job_ids)
  const attemptsOf = Map.groupBy(rows, ({ job_id }) => job_id)
  const stored = await storedCurves(orm, job_ids)
  const current = stored.filter(({ job_id, attempts }) => {
    return attempts === keyOf(attemptsOf.get(job_id) ?? [])
  })
  const curves = new Map(
    current.map(({ job_id, steps, values }): [string, Curve] => [job_id, { steps, values }]),
  )
  const others = job_ids.filter((job_id) => !curves.has(job_id))
  const points = await measuredPoints(orm, others, [METRIC])
  for (const [job_id, ofJob] of Map.groupBy(points, (point) => point.job_id)) {
    curves.set(job_id, curveOf(ofJob, attemptsOf.get(job_id) ?? []))
  }
  return Object.fromEntries(curves)
}

/** Stores the curve of a job, so that a list of jobs does not read its evaluations. */
export async function storeCurve(
  tx: Tx,
  job_id: string,
  evaluations: readonly EvaluationRow[],
): Promise<void> {
  const points = pointsIn(evaluations)
  if (points.length === 0) return
  const attempts = await joinedAttempts(tx, [job_id])
  const row = { attempts: keyOf(attempts), ...curveOf(points, attempts) }
  await tx
    .insert(evaluationCurves)
    .values({ job_id, ...row })
    .onConflictDoUpdate({ target: evaluationCurves.job_id, set: row })
}

function curveOf(points: readonly MeasuredPoint[], attempts: readonly JoinedAttempt[]): Curve {
  // Thinning keeps four points of each of `points / 2` stretches, so half as many points keep the
  // limit.
  const { steps, values } = thin(seriesOfPoints(joinPoints(points, attempts)), POINTS / 2)
  return { steps, values }
}

/** The measured points among some evaluations in order of arrival. */
function pointsIn(evaluations: readonly EvaluationRow[]): MeasuredPoint[] {
  const points = evaluations.flatMap(
    ({ job_id, attempt, step, metric, value }): MeasuredPoint[] => {
      if (metric !== METRIC || value === null) return []
      return [{ job_id, metric, attempt, index: 0, step, value, at: null }]
    },
  )
  return points.sort((a, b) => a.attempt - b.attempt)
}

/** A curve is joined over attempts as they were when it was stored. */
function keyOf(attempts: readonly JoinedAttempt[]): string {
  const fields = attempts.map(({ attempt, resumed_from, took_over }) => {
    return [attempt, resumed_from, took_over]
  })
  return JSON.stringify(fields)
}

async function storedCurves(
  orm: Pick<Orm, 'select'>,
  job_ids: readonly string[],
): Promise<(typeof evaluationCurves.$inferSelect)[]> {
  return orm
    .select()
    .from(evaluationCurves)
    .where(inArray(evaluationCurves.job_id, [...job_ids]))
}
