import { KEPT_POINTS, type Series, thin } from '@bestmark/core'
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { appendToChunks, CHUNK } from '../rows/chunks.ts'
import { clock } from '../rows/clock.ts'
import { changeJob, type Tx } from '../rows/job.ts'
import { closeTail } from '../rows/loggedPoints.ts'
import type { Points } from '../rows/points.ts'
import { checkpoints, evaluations, seriesChunks, trainingJobs } from '../schema.ts'
import { keepPointsDays } from './keepPoints.ts'

const DAY = 24 * 3_600_000

/** The states of jobs that do not train. A lost job may come back, which changes nothing here. */
const OVER = ['completed', 'failed', 'stopped', 'lost'] as const

/** How many chunks of a series are read at once: 24 kB each. */
const AT_ONCE = 200

/**
 * Thins the series of jobs that ended longer ago than the board keeps all points; returns how many
 * jobs. Evaluations, checkpoints, and the points that decisions read stay.
 */
export async function removeOldPoints(db: Database): Promise<number> {
  const days = await keepPointsDays(db)
  if (days === null) return 0
  const { job_id, status, deleted_at, registered_at, ended_at, last_logged_at } = trainingJobs
  // An old run that was imported today is kept as long as a new one.
  const since = sql`greatest(${registered_at}, ${ended_at}, ${last_logged_at})`
  const isOld = sql`${since} < ${clock} - ${days * DAY}`
  const isWhole = sql`coalesce(points_removed_at < ${since}, true)`
  const isLong = sql`exists (
    select 1 from series_chunks as long where long.job_id = training_jobs.job_id
      and long.ordinal >= ${CHUNK})`
  const old = await db.orm
    .select({ job_id })
    .from(trainingJobs)
    .where(and(inArray(status, OVER), isNull(deleted_at), isOld, isWhole, isLong))
  for (const { job_id } of old) await thinJob(db, job_id)
  return old.length
}

/** Replaces each long series of a job by one with fewer points. */
async function thinJob(db: Database, job_id: string): Promise<void> {
  await changeJob(db, job_id, async (tx, job, revision) => {
    const at = { job_id, revision }
    await closeTail(tx, at)
    const decided = await decidedSteps(tx, job_id)
    for (const series of await longSeries(tx, job_id)) {
      const points = await thinned(tx, job_id, series, decided.get(series.attempt) ?? [])
      const { attempt, name } = seriesChunks
      const ofSeries = and(eq(attempt, series.attempt), eq(name, series.name))
      await tx.delete(seriesChunks).where(and(eq(seriesChunks.job_id, job_id), ofSeries))
      await appendToChunks(tx, at, [points])
    }
    // Ordinals of points begin again, so readers must drop theirs.
    const set = { series_revision: revision, history_revision: revision }
    return { set: { ...set, points_removed_at: job.now }, answer: undefined }
  })
}

interface LongSeries {
  attempt: number
  name: string
  count: number
}

async function longSeries(tx: Tx, of_job: string): Promise<LongSeries[]> {
  const { job_id, attempt, name, count } = seriesChunks
  const total = sql<number>`sum(${count})::int`
  return tx
    .select({ attempt, name, count: total })
    .from(seriesChunks)
    .where(eq(job_id, of_job))
    .groupBy(attempt, name)
    .having(sql`sum(${count}) > ${CHUNK}`)
}

/** The steps of evaluations and checkpoints of each attempt, ascending. */
async function decidedSteps(tx: Tx, job_id: string): Promise<Map<number, number[]>> {
  const rows = await tx.execute<{ attempt: number; steps: number[] }>(sql`
    select attempt, json_agg(step order by step) as steps from (
      select attempt, step from ${evaluations} where job_id = ${job_id}
      union select attempt, step from ${checkpoints} where job_id = ${job_id} and step is not null
    ) as decided group by attempt`)
  return new Map(rows.map(({ attempt, steps }) => [attempt, steps]))
}

/** The thinned points of a series. Reads it chunk by chunk, since it may have millions of points. */
async function thinned(
  tx: Tx,
  of_job: string,
  series: LongSeries,
  decided: readonly number[],
): Promise<Points> {
  const { attempt, name } = series
  const points: Points = { attempt, name, steps: [], values: [], times: [] }
  const { job_id, ordinal, steps, values, times } = seriesChunks
  const ofSeries = and(
    eq(job_id, of_job),
    eq(seriesChunks.attempt, attempt),
    eq(seriesChunks.name, name),
  )
  for (let from = 0; from < series.count; from += AT_ONCE * CHUNK) {
    const window = sql`${ordinal} >= ${from} and ${ordinal} < ${from + AT_ONCE * CHUNK}`
    const chunks = await tx
      .select({ steps, values, times })
      .from(seriesChunks)
      .where(and(ofSeries, window))
      .orderBy(ordinal)
    for (const chunk of chunks) {
      const share = Math.ceil((KEPT_POINTS * chunk.steps.length) / series.count)
      const kept = thin(chunk, share, stepsBefore(chunk, decided))
      points.steps.push(...kept.steps)
      points.values.push(...kept.values)
      points.times.push(...kept.times)
    }
  }
  return points
}

/** The last step of a chunk at or before each decided step: a loss that is shown beside it. */
function stepsBefore({ steps }: Series, decided: readonly number[]): number[] {
  const sorted = steps.toSorted()
  const found: number[] = []
  let at = -1
  for (const step of decided) {
    while (at + 1 < sorted.length && (sorted[at + 1] ?? Infinity) <= step) at++
    const before = sorted[at]
    if (before !== undefined) found.push(before)
  }
  return found
}
