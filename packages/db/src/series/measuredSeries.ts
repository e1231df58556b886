import type { Series } from '@bestmark/core'
import { and, asc, eq, inArray, isNotNull } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { type JoinedAttempt, ordinalOf, rewindsOf, type Rewinds } from '../rows/joined.ts'
import { evaluations } from '../schema.ts'
import { PointList } from './pointList.ts'

/** One measured value of a metric, with its index within its attempt. */
export interface MeasuredPoint {
  job_id: string
  metric: string
  attempt: number
  index: number
  step: number
  value: number
  at: number | null
}

/** The first value of each step, for some metrics of some jobs, by attempt in order of arrival. */
export async function measuredPoints(
  orm: Pick<Orm, 'select'>,
  job_ids: readonly string[],
  metrics: readonly string[],
): Promise<MeasuredPoint[]> {
  if (job_ids.length === 0 || metrics.length === 0) return []
  const { job_id, metric, attempt, step, value, at, repeat, arrival } = evaluations
  const rows = await orm
    .select({ job_id, metric, attempt, step, value, at })
    .from(evaluations)
    .where(
      and(
        inArray(job_id, [...job_ids]),
        inArray(metric, [...metrics]),
        eq(repeat, 0),
        isNotNull(value),
      ),
    )
    .orderBy(asc(job_id), asc(metric), asc(attempt), asc(arrival))
  let index = 0
  let before: (typeof rows)[number] | undefined
  return rows.map((row) => {
    const same =
      before?.job_id === row.job_id &&
      before.metric === row.metric &&
      before.attempt === row.attempt
    index = same ? index + 1 : 0
    before = row
    return { ...row, value: row.value ?? NaN, index }
  })
}

/** The points of one metric of one job that remain when its attempts are joined. */
export function joinPoints(
  points: readonly MeasuredPoint[],
  attempts: readonly JoinedAttempt[],
): MeasuredPoint[] {
  const present = new Set(points.map(({ attempt }) => attempt))
  const rewinds = rewindsOfPoints(points, attempts)
  const last = new Map([...present].map((attempt) => [attempt, rewinds.keptUpTo(attempt, present)]))
  return points.filter(({ attempt, step }) => step <= (last.get(attempt) ?? Infinity))
}

/** The rewinds of the attempts that measured these points. */
export function rewindsOfPoints(
  points: readonly MeasuredPoint[],
  attempts: readonly JoinedAttempt[],
): Rewinds {
  return rewindsOf(attempts, (attempt) => {
    return points.find((point) => point.attempt === attempt)?.step ?? 0
  })
}

/** The points as columns. */
export function seriesOfPoints(points: readonly MeasuredPoint[]): Series {
  const list = new PointList(points.length)
  for (const { step, value, at } of points) list.add(step, value, at ?? NaN)
  return list.series
}

/** The ordinal that follows these points. */
export function ordinalAfter(points: readonly MeasuredPoint[]): number {
  const last = points.at(-1)
  return last ? ordinalOf(last.attempt, last.index + 1) : 0
}
