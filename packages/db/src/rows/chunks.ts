import type { Series } from '@bestmark/core'
import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import { isFirstWrite, type WriteAt } from './attempts.ts'
import type { Tx } from './job.ts'
import { seriesChunks } from '../schema.ts'
import { outlineOf } from './outline.ts'
import { type Points, seriesKey } from './points.ts'
import { unnested } from './unnested.ts'

/** The most points in a chunk. */
export const CHUNK = 1_024
/**
 * The points of a chunk of a live run. Postgres stores their values in one piece then, of at most
 * 1,996 bytes.
 */
export const SMALL_CHUNK = 248
/**
 * A chunk that grows is written again in full, and a small one costs a row. So a chunk grows to half
 * a small one, and to this share of its series.
 */
const SHARE = 1 / 16

type NewChunk = typeof seriesChunks.$inferInsert

/** Appends points: the last chunk of each series grows if it is small, then new chunks begin. */
export async function appendToChunks(
  tx: Tx,
  at: WriteAt,
  series: readonly Points[],
): Promise<void> {
  if (series.length === 0) return
  const ends = isFirstWrite(at) ? NO_ENDS : await endsOf(tx, at.job_id, series)
  const rows = series.flatMap((points) =>
    chunksOf(at, points, ends.get(seriesKey(points)) ?? EMPTY),
  )
  // Bytes travel as hexadecimal text; a statement of 100 chunks is about 5 MB.
  for (let from = 0; from < rows.length; from += 100) {
    const part = rows.slice(from, from + 100)
    await tx
      .insert(seriesChunks)
      .select(unnested(seriesChunks, part))
      .onConflictDoUpdate({ target: KEY, set: REPLACED })
      .prepare('append_points')
      .execute()
  }
}

/** The end of a stored series: its next ordinal, and the points of its last chunk if that grows. */
interface End {
  next: number
  open: Series
}

const EMPTY: End = {
  next: 0,
  open: { steps: new Float64Array(), values: new Float64Array(), times: new Float64Array() },
}

const NO_ENDS: ReadonlyMap<string, End> = new Map()

/** The ends of the series that have points. */
async function endsOf(
  tx: Tx,
  job_id: string,
  series: readonly Points[],
): Promise<Map<string, End>> {
  const attempts = sql.param(series.map(({ attempt }) => attempt))
  const names = sql.param(series.map(({ name }) => name))
  const { steps, values, times } = seriesChunks
  const rows = await tx
    .select({
      attempt: sql<number>`wanted.attempt`,
      name: sql<string>`wanted.name`,
      next: sql<number>`tail.ordinal + tail.count`,
      ...{ steps: ofOpen(steps), values: ofOpen(values), times: ofOpen(times) },
    })
    .from(
      sql`unnest(${attempts}::int[], ${names}::text[]) as wanted (attempt, name),
        lateral (
          select ordinal, count, steps, values, times from series_chunks
          where job_id = ${job_id} and attempt = wanted.attempt and name = wanted.name
          order by ordinal desc limit 1
        ) as tail`,
    )
    .prepare('series_ends')
    .execute()
  return new Map(
    rows.map(({ next, steps, values, times, ...row }) => {
      return [seriesKey(row), { next, open: { steps, values, times } }]
    }),
  )
}

const GROWS = sql.raw(
  `tail.count < least(${CHUNK}, greatest(${SMALL_CHUNK / 2}, ${SHARE} * (tail.ordinal + tail.count)))`,
)

/** The numbers of a chunk that grows, else none. */
function ofOpen(column: (typeof seriesChunks)['steps' | 'values' | 'times']): SQL<Float64Array> {
  const name = sql.identifier(column.name)
  return sql<Float64Array>`case when ${GROWS} then tail.${name} else '' end`.mapWith(column)
}

/** The chunks with new points; the first one continues the last stored one if that grows. */
function chunksOf(at: WriteAt, points: Points, { next, open }: End): NewChunk[] {
  const all = {
    steps: joined(open.steps, points.steps),
    values: joined(open.values, points.values),
    times: joined(open.times, points.times),
  }
  const { attempt, name } = points
  const first = next - open.steps.length
  const starts = Array.from(
    { length: Math.ceil(all.steps.length / CHUNK) },
    (_, index) => CHUNK * index,
  )
  return starts.map((from) => {
    const column = (numbers: Float64Array) => numbers.subarray(from, from + CHUNK)
    const piece = { steps: column(all.steps), values: column(all.values), times: column(all.times) }
    const { length: count } = piece.steps
    const outline = outlineOf(piece)
    return {
      ...at,
      attempt,
      name,
      ordinal: first + from,
      count,
      ...piece,
      ...summary(piece),
      outline,
    }
  })
}

function joined(stored: Float64Array, added: readonly number[]): Float64Array {
  const all = new Float64Array(stored.length + added.length)
  all.set(stored)
  all.set(added, stored.length)
  return all
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

/** The last chunk, which the new row contains, is replaced. */
const REPLACED = Object.fromEntries(
  Object.values(getTableColumns(seriesChunks)).map(({ name: column }) => {
    return [column, sql.raw(`excluded.${column}`)]
  }),
)
