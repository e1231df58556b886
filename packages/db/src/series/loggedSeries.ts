import type { Series } from '@bestmark/core'
import { and, asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import { CHUNK } from '../rows/chunks.ts'
import type { Orm } from '../connection/client.ts'
import { type JoinedAttempt, ordinalOf, rewindsOf, type Rewinds } from '../rows/joined.ts'
import { seriesChunks } from '../schema.ts'

const { steps, values, times, ...SUMMARY } = getTableColumns(seriesChunks)

/** What is known of a chunk without its bytes. */
export type ChunkSummary = Omit<typeof seriesChunks.$inferSelect, 'steps' | 'values' | 'times'>

/** Steps that are asked for, both ends included. */
export interface Window {
  from_step: number
  to_step: number
}

/** The chunks of some series of a job, by attempt and place. */
export async function chunkSummaries(
  orm: Pick<Orm, 'select'>,
  job_id: string,
  names: readonly string[],
): Promise<ChunkSummary[]> {
  if (names.length === 0) return []
  const { name, attempt, ordinal } = seriesChunks
  return orm
    .select(SUMMARY)
    .from(seriesChunks)
    .where(and(eq(seriesChunks.job_id, job_id), inArray(name, [...names])))
    .orderBy(asc(name), asc(attempt), asc(ordinal))
}

/** A chunk, and the steps of it that stay when attempts are joined and the window is cut out. */
interface Kept {
  chunk: ChunkSummary
  window: Window
  whole: boolean
}

/**
 * One series of a job, joined over its attempts. Where it has many more points than asked for, most
 * chunks are told by their first, last, lowest and highest point; those with a pinned step, a
 * non-finite value or an end of the window are read whole. Returns all there is without thinning.
 */
export async function readLogged(
  orm: Pick<Orm, 'select'>,
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  asked: Window & { points: number; pinned: readonly number[] },
): Promise<{ series: Series; count: number; next_ordinal: number }> {
  const last = chunks.at(-1)
  if (!last) return { series: EMPTY, count: 0, next_ordinal: 0 }
  const kept = keep(chunks, attempts, asked)
  const most = kept.reduce((sum, { chunk }) => sum + chunk.count, 0)
  const overview = most > (CHUNK / 4) * asked.points
  const pins = Float64Array.from(asked.pinned).sort()
  const needed = kept.filter(
    ({ chunk, whole }) => !overview || !whole || chunk.non_finite > 0 || holds(chunk, pins),
  )
  const wanted = needed.map(({ chunk }) => chunk)
  const read = await readChunks(orm, last.job_id, last.name, wanted)
  let count = 0
  const parts = kept.map(({ chunk, window }) => {
    const full = read.get(placeKey(chunk))
    const part = full ? cut(head(full, chunk.count), window) : corners(chunk)
    count += full ? part.steps.length : chunk.count
    return part
  })
  const next_ordinal = ordinalOf(last.attempt, last.ordinal + last.count)
  return { series: concatenate(parts), count, next_ordinal }
}

/** Which chunks stay, and which of their steps. */
function keep(
  chunks: readonly ChunkSummary[],
  attempts: readonly JoinedAttempt[],
  { from_step, to_step }: Window,
): Kept[] {
  const present = new Set(chunks.map(({ attempt }) => attempt))
  const rewinds = rewindsOfChunks(chunks, attempts)
  return chunks.flatMap((chunk) => {
    const end = Math.min(to_step, rewinds.keptUpTo(chunk.attempt, present))
    if (chunk.min_step > end || chunk.max_step < from_step) return []
    const whole = chunk.min_step >= from_step && chunk.max_step <= end
    return [{ chunk, window: { from_step, to_step: end }, whole }]
  })
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
  return rewindsOf(attempts, (attempt) => first.get(attempt) ?? 0)
}

/** Whether one of the sorted steps lies in the chunk. */
function holds({ min_step, max_step }: ChunkSummary, sorted: Float64Array): boolean {
  return sorted.some((step) => step >= min_step && step <= max_step)
}

/** The points of some chunks of a series, by `placeKey`. */
async function readChunks(
  orm: Pick<Orm, 'select'>,
  job_id: string,
  name: string,
  chunks: readonly { attempt: number; ordinal: number }[],
): Promise<Map<string, Series>> {
  if (chunks.length === 0) return new Map()
  const { attempt, ordinal } = seriesChunks
  const [attempts, ordinals] = [chunks.map((one) => one.attempt), chunks.map((one) => one.ordinal)]
  const wanted = sql`(${attempt}, ${ordinal}) in (
    select * from unnest(${sql.param(attempts)}::int[], ${sql.param(ordinals)}::bigint[]))`
  const rows = await orm
    .select({ attempt, ordinal, steps, values, times })
    .from(seriesChunks)
    .where(and(eq(seriesChunks.job_id, job_id), eq(seriesChunks.name, name), wanted))
  return new Map(rows.map((row) => [placeKey(row), row]))
}

/** Names a chunk within its series. */
function placeKey({ attempt, ordinal }: { attempt: number; ordinal: number }): string {
  return `${attempt} ${ordinal}`
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
