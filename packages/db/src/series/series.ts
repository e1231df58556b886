import { isSystem, type Series, thin } from '@bestmark/core'
import { and, count, eq, isNotNull, sql, sum } from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import { joinedAttempts, type JoinedAttempt } from '../rows/joined.ts'
import type { Reader } from './chunkReader.ts'
import { chunkSummaries, type ChunkSummary } from './chunkSummaries.ts'
import { type LoggedPlan, planLogged, pointsOf, type ReadParts, readParts } from './loggedSeries.ts'
import {
  joinPoints,
  type MeasuredPoint,
  measuredPoints,
  ordinalAfter,
  seriesOfPoints,
} from './measuredSeries.ts'
import { cut, EMPTY, type Window } from './seriesParts.ts'
import { snapshot } from '../rows/snapshot.ts'
import { checkpoints, evaluations, seriesPieces } from '../schema.ts'
import { storableName } from '../values/storable.ts'

/**
 * Logged while training, measured on held-out data, or sampled of the machine. A name that is both
 * logged and measured counts as measured.
 */
export type SeriesKind = 'logged' | 'evaluation' | 'system'

/** The points of an attempt that a later attempt repeated from an earlier step. */
export interface EarlierAttempt extends Series {
  attempt: number
}

/** A series of a job, joined over its attempts and thinned where it is long. */
export interface NamedSeries extends Series {
  name: string
  kind: SeriesKind
  /** How many points the window has before thinning. */
  count: number
  /** What later attempts replaced, attempt by attempt. */
  earlier: EarlierAttempt[]
  /** The next ordinal; pass it to `watch` to receive later points. */
  next_ordinal: number
}

export interface SeriesQuery {
  names: readonly string[]
  from_step?: number | undefined
  to_step?: number | undefined
  /** About how many points to return per series. Pinned points and extremes may exceed it. */
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
 * Series of a job in the requested order; one that does not exist is empty. The point of the best
 * checkpoint stays, and those of the others if there are not very many in the window.
 */
export async function readSeries(
  db: Database,
  job_id: string,
  query: SeriesQuery,
): Promise<NamedSeries[]> {
  // The end of a series may move from its tail to a chunk between two reads.
  return snapshot(db, (tx) => readSeriesIn(tx, job_id, query))
}

async function readSeriesIn(
  orm: Pick<Orm, 'select' | 'execute'>,
  job_id: string,
  { names: requested, from_step = -Infinity, to_step = Infinity, points }: SeriesQuery,
): Promise<NamedSeries[]> {
  const names = requested.map(storableName)
  // These queries go to the database together, without waiting for each other's answers.
  const [attempts, measuredRows, pinned, summaries] = await Promise.all([
    joinedAttempts(orm, [job_id]),
    measuredPoints(orm, [job_id], names),
    pinnedSteps(orm, job_id, { from_step, to_step }),
    chunkSummaries(orm, job_id, names),
  ])
  const measured = Map.groupBy(measuredRows, ({ metric }) => metric)
  const query = { from_step, to_step, points, pinned }
  const read = new Map<string, NamedSeries>()
  for (const [name, found] of measured) read.set(name, measuredSeries(name, found, attempts, query))
  const unmeasured = summaries.filter(({ name }) => !measured.has(name))
  const logged = Map.groupBy(unmeasured, ({ name }) => name)
  for await (const one of loggedSeries(orm, logged, attempts, query)) read.set(one.name, one)
  return names.map((name) => {
    const none = { count: 0, next_ordinal: 0, earlier: [], ...EMPTY }
    return read.get(name) ?? { name, kind: loggedKind(name), ...none }
  })
}

interface Query extends Window {
  points: number
  pinned: readonly number[]
}

function measuredSeries(
  name: string,
  measured: readonly MeasuredPoint[],
  attempts: readonly JoinedAttempt[],
  { points, pinned, ...window }: Query,
): NamedSeries {
  const joined = joinPoints(measured, attempts)
  const kept = new Set(joined)
  const series = cut(seriesOfPoints(joined), window)
  const replaced = measured.filter((point) => !kept.has(point))
  const earlier = [...Map.groupBy(replaced, ({ attempt }) => attempt)].map(([attempt, group]) => {
    return { attempt, ...thin(cut(seriesOfPoints(group), window), points, pinned) }
  })
  return {
    ...{
      name,
      kind: 'evaluation',
      count: series.steps.length,
      next_ordinal: ordinalAfter(measured),
    },
    ...{ earlier, ...thin(series, points, pinned) },
  }
}

/** 24 bytes per point, 1,024 points per chunk: this many chunks are 12 MB. */
const CHUNKS_AT_ONCE = 512
/** About how many outlines are as long as the points of a chunk. */
const OUTLINES = 16

/** The logged series, each thinned as soon as it is read; short ones are read together. */
async function* loggedSeries(
  orm: Reader,
  chunks: ReadonlyMap<string, readonly ChunkSummary[]>,
  attempts: readonly JoinedAttempt[],
  query: Query,
): AsyncGenerator<NamedSeries> {
  const plans = [...chunks].map(([name, parts]) => ({
    name,
    ...planLogged(parts, attempts, query),
  }))
  const sizeOf = (plan?: LoggedPlan): number =>
    plan ? plan.needed.length + plan.outlined.length / OUTLINES : 0
  for (let from = 0; from < plans.length;) {
    let [to, size] = [from, 0]
    do size += sizeOf(plans[to++])
    while (to < plans.length && size + sizeOf(plans[to]) <= CHUNKS_AT_ONCE)
    const batch = plans.slice(from, to)
    const read = await readParts(orm, batch)
    for (const plan of batch) yield seriesOfPlan(plan, read, query)
    from = to
  }
}

function seriesOfPlan(
  { name, joined, replaced, next_ordinal }: LoggedPlan & { name: string },
  read: ReadParts,
  { points, pinned }: Query,
): NamedSeries {
  const { series, count } = pointsOf(joined, read)
  const earlier = [...replaced].flatMap(([attempt, kept]): EarlierAttempt[] => {
    const logged = pointsOf(kept, read).series
    return logged.steps.length > 0 ? [{ attempt, ...thin(logged, points, pinned) }] : []
  })
  const kind = loggedKind(name)
  return { name, kind, count, next_ordinal, earlier, ...thin(series, points, pinned) }
}

/** The kind of a series that was not measured on held-out data. */
export function loggedKind(name: string): SeriesKind {
  return isSystem(name) ? 'system' : 'logged'
}

/** With more checkpoints than this in the window, only the point of the best one is always kept. */
const MOST_PINNED = 200

/** The steps whose points stay: those of the checkpoints in the window, if they are few, and the best. */
async function pinnedSteps(
  orm: Reader,
  job_id: string,
  { from_step, to_step }: Window,
): Promise<number[]> {
  const rows = await orm.execute<{ step: number; is_best: boolean }>(sql`
    select best_step::float8 as step, true as is_best from training_jobs
    where job_id = ${job_id} and best_step is not null
    union all
    (select distinct step::float8, false from ${checkpoints}
    where job_id = ${job_id} and step between ${from_step}::float8 and ${to_step}::float8
    limit ${MOST_PINNED + 1})`)
  const steps = rows.filter(({ is_best }) => rows.length <= MOST_PINNED || is_best)
  return steps.map(({ step }) => step)
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
  const { name } = seriesPieces
  const logged = await orm
    .select({ name, count: sum(seriesPieces.count).mapWith(Number) })
    .from(seriesPieces)
    .where(eq(seriesPieces.job_id, job_id))
    .groupBy(name)
    .orderBy(name)
  const measuredNames = new Set(measured.map((row) => row.name))
  return [
    ...measured.map((row): SeriesName => ({ ...row, kind: 'evaluation' })),
    ...logged
      .filter((row) => !measuredNames.has(row.name))
      .map((row): SeriesName => ({ ...row, kind: loggedKind(row.name), scored: false })),
  ]
}
