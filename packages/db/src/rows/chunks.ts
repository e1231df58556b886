import type { Series } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import { seriesChunks } from '../schema.ts'
import { outlineOf } from './outline.ts'
import { type Points, seriesKey } from './points.ts'
import { unnested } from './unnested.ts'

/** The most points in a chunk. */
export const CHUNK = 1_024

type NewChunk = typeof seriesChunks.$inferInsert

/** Appends points: the last chunk of each series grows, then new chunks begin. */
export async function appendToChunks(
  tx: Tx,
  at: WriteAt,
  series: readonly Points[],
): Promise<void> {
  if (series.length === 0) return
  const ends = await endsOf(tx, at.job_id, series)
  const rows = series.flatMap((points) => chunksOf(at, points, ends.get(seriesKey(points)) ?? 0))
  // Bytes travel as hexadecimal text; a statement of 100 chunks is about 5 MB.
  for (let from = 0; from < rows.length; from += 100) {
    const part = rows.slice(from, from + 100)
    await tx
      .insert(seriesChunks)
      .select(unnested(seriesChunks, part))
      .onConflictDoUpdate({ target: KEY, set: GROWN })
      .prepare('append_points')
      .execute()
  }
}

/** How many points are stored of each series. */
async function endsOf(
  tx: Tx,
  job_id: string,
  series: readonly Points[],
): Promise<Map<string, number>> {
  const attempts = sql.param(series.map(({ attempt }) => attempt))
  const names = sql.param(series.map(({ name }) => name))
  const rows = await tx
    .select({
      attempt: sql<number>`wanted.attempt`,
      name: sql<string>`wanted.name`,
      end: sql<number>`tail.ordinal + tail.count`,
    })
    .from(
      sql`unnest(${attempts}::int[], ${names}::text[]) as wanted (attempt, name),
        lateral (
          select ordinal, count from series_chunks
          where job_id = ${job_id} and attempt = wanted.attempt and name = wanted.name
          order by ordinal desc limit 1
        ) as tail`,
    )
    .prepare('series_ends')
    .execute()
  return new Map(rows.map((row) => [seriesKey(row), row.end]))
}

/** Splits the points by chunk; `end` is the ordinal where the stored series ended. */
function chunksOf(at: WriteAt, points: Points, end: number): NewChunk[] {
  const rows: NewChunk[] = []
  const { attempt, name } = points
  for (let from = 0; from < points.steps.length;) {
    const position = end + from
    const ordinal = position - (position % CHUNK)
    const to = Math.min(points.steps.length, from + CHUNK - (position % CHUNK))
    const column = (numbers: number[]): Float64Array => new Float64Array(numbers.slice(from, to))
    const { steps, values, times } = points
    const piece = { steps: column(steps), values: column(values), times: column(times) }
    const outline = outlineOf(piece)
    rows.push({
      ...at,
      attempt,
      name,
      ordinal,
      count: to - from,
      ...piece,
      ...summary(piece),
      outline,
    })
    from = to
  }
  return rows
}

/** First, last, lowest and highest point of a chunk, and how many are not finite. */
function summary({ steps, values, times }: Series) {
  let low = -1
  let high = -1
  let non_finite = 0
  for (let index = 0; index < values.length; index++) {
    const value = at(values, index)
    if (!Number.isFinite(value)) non_finite++
    else {
      if (low < 0 || value < at(values, low)) low = index
      if (high < 0 || value > at(values, high)) high = index
    }
  }
  const end = values.length - 1
  return {
    min_step: steps.reduce((a, b) => Math.min(a, b)),
    max_step: steps.reduce((a, b) => Math.max(a, b)),
    first_step: at(steps, 0),
    first_value: at(values, 0),
    first_time: at(times, 0),
    last_step: at(steps, end),
    last_value: at(values, end),
    last_time: at(times, end),
    min_value: low < 0 ? null : at(values, low),
    min_value_step: low < 0 ? null : at(steps, low),
    min_value_time: low < 0 ? null : at(times, low),
    max_value: high < 0 ? null : at(values, high),
    max_value_step: high < 0 ? null : at(steps, high),
    max_value_time: high < 0 ? null : at(times, high),
    non_finite,
  }
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] ?? NaN
}

const { job_id, attempt, name, ordinal } = seriesChunks
const KEY = [job_id, attempt, name, ordinal]

const lower = sql`(series_chunks.min_value is null or excluded.min_value < series_chunks.min_value)`
const higher = sql`(series_chunks.max_value is null or excluded.max_value > series_chunks.max_value)`

/** The open chunk and the new points as one; of equal extremes the first stays. */
const GROWN = {
  count: sql`series_chunks.count + excluded.count`,
  steps: sql`series_chunks.steps || excluded.steps`,
  values: sql`series_chunks.values || excluded.values`,
  times: sql`series_chunks.times || excluded.times`,
  min_step: sql`least(series_chunks.min_step, excluded.min_step)`,
  max_step: sql`greatest(series_chunks.max_step, excluded.max_step)`,
  last_step: sql`excluded.last_step`,
  last_value: sql`excluded.last_value`,
  last_time: sql`excluded.last_time`,
  min_value: sql`least(series_chunks.min_value, excluded.min_value)`,
  min_value_step: kept(lower, 'min_value_step'),
  min_value_time: kept(lower, 'min_value_time'),
  max_value: sql`greatest(series_chunks.max_value, excluded.max_value)`,
  max_value_step: kept(higher, 'max_value_step'),
  max_value_time: kept(higher, 'max_value_time'),
  non_finite: sql`series_chunks.non_finite + excluded.non_finite`,
  outline: sql`series_chunks.outline || excluded.outline`,
  revision: sql`excluded.revision`,
}

function kept(replaced: ReturnType<typeof sql>, column: string): ReturnType<typeof sql> {
  const [new_, old] = [sql.raw(`excluded.${column}`), sql.raw(`series_chunks.${column}`)]
  return sql`case when ${replaced} then ${new_} else ${old} end`
}
