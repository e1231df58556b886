import { type Series, thin } from '@bestmark/core'
import { and, count, eq, isNotNull, sql, sum } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { joinedAttempts } from '../rows/joined.ts'
import { chunkSummaries, cut, readLogged, type Window } from './loggedSeries.ts'
import { joinPoints, measuredPoints, ordinalAfter, seriesOfPoints } from './measuredSeries.ts'
import { checkpoints, evaluations, seriesChunks } from '../schema.ts'
import { storableName } from '../values/storable.ts'

/** Logged while training, or measured on held-out data. A name that is both is the latter. */
export type SeriesKind = 'logged' | 'evaluation'

/** A series of a job, joined over its attempts and thinned where it is long. */
export interface NamedSeries extends Series {
  name: string
  kind: SeriesKind
  /** How many points the window has before thinning. */
  count: number
  /** Where the series goes on; hand it to `watch` to receive what comes after. */
  next_ordinal: number
}

export interface SeriesQuery {
  names: readonly string[]
  from_step?: number | undefined
  to_step?: number | undefined
  /** About how many points to answer with, a series; pinned ones and extremes stay above it. */
  points: number
}

export interface SeriesName {
  name: string
  kind: SeriesKind
  /** Whether a value of it was measured after training, as by `bestmark score`. */
  scored: boolean
  /** Points of all attempts, before they are joined. */
  count: number
}

/**
 * Series of a job in the order asked for; one that does not exist is empty. The points at
 * checkpoints' steps, the best one's among them, always stay.
 */
export async function readSeries(
  { orm }: Database,
  job_id: string,
  { names: asked, from_step = -Infinity, to_step = Infinity, points }: SeriesQuery,
): Promise<NamedSeries[]> {
  const names = asked.map(storableName)
  const attempts = await joinedAttempts(orm, [job_id])
  const measured = Map.groupBy(await measuredPoints(orm, [job_id], names), ({ metric }) => metric)
  const summaries = await chunkSummaries(
    orm,
    job_id,
    names.filter((name) => !measured.has(name)),
  )
  const logged = Map.groupBy(summaries, ({ name }) => name)
  const pinned = await checkpointSteps(orm, job_id)
  const window: Window = { from_step, to_step }
  return Promise.all(
    names.map(async (name): Promise<NamedSeries> => {
      const own = measured.get(name)
      if (own) {
        const series = cut(seriesOfPoints(joinPoints(own, attempts)), window)
        const [count, next_ordinal] = [series.steps.length, ordinalAfter(own)]
        return { name, kind: 'evaluation', count, next_ordinal, ...thin(series, points, pinned) }
      }
      const chunks = logged.get(name) ?? []
      const read = await readLogged(orm, chunks, attempts, { ...window, points, pinned })
      const { series, count, next_ordinal } = read
      return { name, kind: 'logged', count, next_ordinal, ...thin(series, points, pinned) }
    }),
  )
}

async function checkpointSteps(orm: Database['orm'], job_id: string): Promise<number[]> {
  const { step } = checkpoints
  const rows = await orm
    .selectDistinct({ step })
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), isNotNull(step)))
  return rows.flatMap((row) => (row.step === null ? [] : [row.step]))
}

/** The names of a job's series, measured ones first. */
export async function seriesNames({ orm }: Database, job_id: string): Promise<SeriesName[]> {
  const { metric, repeat, value, scored_by } = evaluations
  const scored = sql<boolean>`bool_or(${scored_by} is not null)`
  const measured = await orm
    .select({ name: metric, scored, count: count() })
    .from(evaluations)
    .where(and(eq(evaluations.job_id, job_id), eq(repeat, 0), isNotNull(value)))
    .groupBy(metric)
    .orderBy(metric)
  const { name } = seriesChunks
  const logged = await orm
    .select({ name, count: sum(seriesChunks.count).mapWith(Number) })
    .from(seriesChunks)
    .where(eq(seriesChunks.job_id, job_id))
    .groupBy(name)
    .orderBy(name)
  const known = new Set(measured.map((row) => row.name))
  return [
    ...measured.map((row): SeriesName => ({ ...row, kind: 'evaluation' })),
    ...logged
      .filter((row) => !known.has(row.name))
      .map((row): SeriesName => ({ ...row, kind: 'logged', scored: false })),
  ]
}
