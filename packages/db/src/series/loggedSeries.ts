import type { Series } from '@bestmark/core'
import { and, eq, getViewSelectedFields, inArray, sql } from 'drizzle-orm'
import { CHUNK } from '../rows/chunks.ts'
import type { Orm } from '../connection/client.ts'
import {
  type JoinedAttempt,
  ordinalOf,
  rewinding,
  rewindsOf,
  type Rewinds,
} from '../rows/joined.ts'
import { seriesChunks, seriesPieces } from '../schema.ts'

const { steps, values, times, ...SUMMARY } = getViewSelectedFields(seriesPieces)

/** A chunk without its bytes. */
export type ChunkSummary = Omit<typeof seriesPieces.$inferSelect, 'steps' | 'values' | 'times'>

/** Requested steps, both ends included. */
export interface Window {
  from_step: number
  to_step: number
}

/**
 * The columns of a summary, read without Drizzle: it takes twice as long for the thousand rows of
 * a million points. The driver gives a `bigint` as text.
 */
const COLUMNS = sql.join(
  Object.values(SUMMARY).map((column) => {
    const name = sql.identifier(column.name)
    return column.getSQLType() === 'bigint' ? sql`${name}::float8 as ${name}` : name
  }),
  sql`, `,
)

/** The chunks of some series of a job, by attempt and ordinal. */
export async function chunkSummaries(
  orm: Pick<Orm, 'execute'>,
  job_id: string,
  names: readonly string[],
): Promise<ChunkSummary[]> {
  if (names.length === 0) return []
  const rows = await orm.execute(sql`
    select ${COLUMNS} from ${seriesPieces}
    where job_id = ${job_id} and name = any(${sql.param(names)}::text[])
    order by name, attempt, ordinal`)
  // The columns are those of the type.
  return rows as unknown as ChunkSummary[]
}

/** A chunk, and the steps of it that are shown. */
export interface Kept {
  chunk: ChunkSummary
  window: Window
  whole: boolean
}

/** What is read of one series, before its points are read. */
export interface LoggedPlan {
  /** The chunks of the joined series. */
  joined: readonly Kept[]
  /** What later attempts replaced, by attempt. */
  replaced: ReadonlyMap<number, readonly Kept[]>
  /** The chunks whose points are needed. For the others the summaries are enough. */
  needed: readonly ChunkSummary[]
  next_ordinal: number
}

/**
 * Plans the reading of one series, joined over its attempts. If it has many more points than
 * requested, most chunks give only their first, last, lowest and highest point. Chunks with a
 * pinned step, a non-finite value or an end of the window are read in full.
 */
export function planLogged(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  request: Window & { points: number; pinned: readonly number[] },
): LoggedPlan {
  const last = chunks.at(-1)
  const { joined, replaced } = keep(chunks, attempts, request)
  const pins = Float64Array.from(request.pinned).sort()
  const neededOf = (kept: readonly Kept[]): ChunkSummary[] => {
    const most = kept.reduce((sum, { chunk }) => sum + chunk.count, 0)
    const overview = most > (CHUNK / 4) * request.points
    return kept.flatMap(({ chunk, whole }) => {
      const isNeeded = !overview || !whole || chunk.non_finite > 0 || holds(chunk, pins)
      return isNeeded ? [chunk] : []
    })
  }
  return {
    joined,
    replaced: Map.groupBy(replaced, ({ chunk }) => chunk.attempt),
    needed: [...new Set([...neededOf(joined), ...neededOf(replaced)])],
    next_ordinal: last ? ordinalOf(last.attempt, last.ordinal + last.count) : 0,
  }
}

/** Points of some chunks in order, without thinning, and how many there are. */
export function pointsOf(
  kept: readonly Kept[],
  read: ReadonlyMap<string, Series>,
): { series: Series; count: number } {
  let count = 0
  const parts = kept.map(({ chunk, window }) => {
    const full = read.get(chunkKey(chunk))
    const part = full ? cut(head(full, chunk.count), window) : corners(chunk)
    count += full ? part.steps.length : chunk.count
    return part
  })
  return { series: concatenate(parts), count }
}

/** Which chunks and steps stay, and which a later attempt repeated. */
function keep(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  { from_step, to_step }: Window,
): { joined: Kept[]; replaced: Kept[] } {
  const present = new Set(chunks.map(({ attempt }) => attempt))
  const rewinds = rewindsOfChunks(chunks, attempts)
  const inside = (chunk: ChunkSummary, window: Window): Kept[] => {
    if (chunk.min_step > window.to_step || chunk.max_step < window.from_step) return []
    const whole = chunk.min_step >= window.from_step && chunk.max_step <= window.to_step
    return [{ chunk, window, whole }]
  }
  const joined = chunks.flatMap((chunk) => {
    const end = Math.min(to_step, rewinds.keptUpTo(chunk.attempt, present))
    return inside(chunk, { from_step, to_step: end })
  })
  const replaced = chunks.flatMap((chunk) => {
    const end = rewinds.keptUpTo(chunk.attempt, present)
    return inside(chunk, { from_step: Math.max(from_step, end + 1), to_step })
  })
  return { joined, replaced }
}

/** The rewinds of the attempts that logged these chunks. */
function rewindsOfChunks(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
): Rewinds {
  const first = new Map<number, number>()
  for (const { attempt, min_step } of chunks) {
    first.set(attempt, Math.min(first.get(attempt) ?? Infinity, min_step))
  }
  const name = chunks[0]?.name ?? ''
  return rewindsOf(rewinding(name, attempts), (attempt) => first.get(attempt) ?? 0)
}

/** Whether one of the sorted steps lies in the chunk. */
function holds({ min_step, max_step }: ChunkSummary, sorted: Float64Array): boolean {
  return sorted.some((step) => step >= min_step && step <= max_step)
}

/** The points of some chunks of a job, by `chunkKey`. */
export async function readChunks(
  orm: Pick<Orm, 'select'>,
  job_id: string,
  chunks: readonly ChunkKey[],
): Promise<Map<string, Series>> {
  const rows = [
    ...(await readClosed(orm, job_id, chunks)),
    ...(await readOpen(orm, job_id, chunks)),
  ]
  return new Map(rows.map((row) => [chunkKey(row), row]))
}

async function readClosed(
  orm: Pick<Orm, 'select'>,
  job_id: string,
  chunks: readonly ChunkKey[],
): Promise<Points[]> {
  const closed = chunks.filter(({ is_open }) => !is_open)
  if (closed.length === 0) return []
  const { attempt, name, ordinal, steps, values, times } = seriesChunks
  const column = <T>(of: (chunk: ChunkKey) => T) => sql.param(closed.map(of))
  const wanted = sql`(${attempt}, ${name}, ${ordinal}) in (
    select * from unnest(${column((one) => one.attempt)}::int[],
      ${column((one) => one.name)}::text[], ${column((one) => one.ordinal)}::bigint[]))`
  return orm
    .select({ attempt, name, ordinal, steps, values, times })
    .from(seriesChunks)
    .where(and(eq(seriesChunks.job_id, job_id), wanted))
}

/** A series has at most one open chunk per attempt, so these are not more than requested. */
async function readOpen(
  orm: Pick<Orm, 'select'>,
  job_id: string,
  chunks: readonly ChunkKey[],
): Promise<Points[]> {
  const open = chunks.filter(({ is_open }) => is_open)
  if (open.length === 0) return []
  const { attempt, name, ordinal, steps, values, times, is_open } = seriesPieces
  const names = inArray(name, [...new Set(open.map((one) => one.name))])
  const attempts = inArray(attempt, [...new Set(open.map((one) => one.attempt))])
  return orm
    .select({ attempt, name, ordinal, steps, values, times })
    .from(seriesPieces)
    .where(and(eq(seriesPieces.job_id, job_id), is_open, names, attempts))
}

type Points = Series & Pick<ChunkSummary, 'attempt' | 'name' | 'ordinal'>

type ChunkKey = Pick<ChunkSummary, 'attempt' | 'name' | 'ordinal' | 'is_open'>

/** Names a chunk within its job. */
function chunkKey({ attempt, name, ordinal }: Omit<ChunkKey, 'is_open'>): string {
  return `${attempt} ${ordinal} ${name}`
}

export const EMPTY: Series = {
  steps: new Float64Array(),
  values: new Float64Array(),
  times: new Float64Array(),
}

/** The first, lowest, highest and last point of a chunk of finite values, in order of steps. */
function corners(chunk: ChunkSummary): Series {
  const first = [chunk.first_step, chunk.first_value, chunk.first_time]
  const last = [chunk.last_step, chunk.last_value, chunk.last_time]
  const low = [chunk.min_value_step ?? NaN, chunk.min_value ?? NaN, chunk.min_value_time ?? NaN]
  const high = [chunk.max_value_step ?? NaN, chunk.max_value ?? NaN, chunk.max_value_time ?? NaN]
  const between = (low[0] ?? 0) <= (high[0] ?? 0) ? [low, high] : [high, low]
  const points = [first, ...between, last].filter((point, index, all) => {
    return index === 0 || point[0] !== all[index - 1]?.[0]
  })
  const column = (index: number) => Float64Array.from(points, (point) => point[index] ?? NaN)
  return { steps: column(0), values: column(1), times: column(2) }
}

/** The first points of a series: a chunk may have grown since its summary was read. */
function head({ steps, values, times }: Series, count: number): Series {
  return {
    steps: steps.subarray(0, count),
    values: values.subarray(0, count),
    times: times.subarray(0, count),
  }
}

/** The points of a series whose steps lie in a window. */
export function cut(series: Series, { from_step, to_step }: Window): Series {
  const inside = (step: number): boolean => step >= from_step && step <= to_step
  if (series.steps.every(inside)) return series
  const column = (numbers: Float64Array): Float64Array =>
    numbers.filter((_, index) => inside(series.steps[index] ?? NaN))
  return {
    steps: column(series.steps),
    values: column(series.values),
    times: column(series.times),
  }
}

/** Series one after the other. */
export function concatenate(parts: readonly Series[]): Series {
  const length = parts.reduce((sum, { steps }) => sum + steps.length, 0)
  const whole: Series = {
    steps: new Float64Array(length),
    values: new Float64Array(length),
    times: new Float64Array(length),
  }
  let at = 0
  for (const part of parts) {
    whole.steps.set(part.steps, at)
    whole.values.set(part.values, at)
    whole.times.set(part.times, at)
    at += part.steps.length
  }
  return whole
}
