import { sql, type SQL } from 'drizzle-orm'
import {
  boolean,
  doublePrecision,
  integer,
  pgTable,
  pgView,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { BIG_ENDIAN } from '../values/packedNumbers.ts'
import {
  float64s,
  numbers,
  numbersOrNull,
  packedNumbers,
  packedTriples,
  storableText,
  texts,
} from './columns.ts'
import { jobId, revision, whole } from './keys.ts'

/** The points of a chunk, and its first, last, lowest and highest point. */
const points = () => ({
  attempt: integer().notNull(),
  name: storableText().notNull(),
  ordinal: whole().notNull(),
  count: integer().notNull(),
  steps: packedNumbers().notNull(),
  values: packedNumbers().notNull(),
  times: packedNumbers().notNull(),
  min_step: doublePrecision().notNull(),
  max_step: doublePrecision().notNull(),
  first_step: doublePrecision().notNull(),
  first_value: doublePrecision().notNull(),
  first_time: doublePrecision().notNull(),
  last_step: doublePrecision().notNull(),
  last_value: doublePrecision().notNull(),
  last_time: doublePrecision().notNull(),
  min_value: doublePrecision(),
  min_value_step: doublePrecision(),
  min_value_time: doublePrecision(),
  max_value: doublePrecision(),
  max_value_step: doublePrecision(),
  max_value_time: doublePrecision(),
  non_finite: integer().notNull(),
  /** See `outlineOf`; null in chunks of older versions. */
  outline: packedTriples(),
  revision: revision(),
})

/**
 * Up to 1,024 points of one series of one attempt. `ordinal` is the first point's index in it. The
 * first, last, lowest and highest point are stored beside the bytes, so that an overview does not
 * read them. Lowest and highest ignore non-finite values; null if all are.
 */
export const seriesChunks = pgTable('series_chunks', { job_id: jobId(), ...points() }, (row) => [
  primaryKey({ columns: [row.job_id, row.attempt, row.name, row.ordinal] }),
])

/**
 * The latest points of a live job, which are not in a chunk yet: one row per write, which is never
 * changed. A chunk that grew with each point would be written in full each time.
 */
export const seriesTails = pgTable(
  'series_tails',
  {
    job_id: jobId(),
    /** The most points that one series has in the rows up to this one. */
    length: integer().notNull(),
    attempt: integer().notNull(),
    /** The series that were logged, and of each event its step and time (NaN if it has none). */
    names: texts().notNull(),
    steps: numbers().notNull(),
    times: numbers().notNull(),
    /** Event by event, in the order of `names`; null where an event has no value of a series. */
    values: numbersOrNull().notNull(),
    revision: revision(),
  },
  (row) => [primaryKey({ columns: [row.job_id, row.length] })],
)

/**
 * The curve of eval_loss that a list of jobs shows, thinned. It is stored with each evaluation, because
 * a list of jobs must not read their evaluations.
 */
export const evaluationCurves = pgTable('evaluation_curves', {
  job_id: jobId().primaryKey(),
  /** The attempts over which it is joined; if they differ now, the curve is outdated. */
  attempts: text().notNull(),
  steps: float64s().notNull(),
  values: float64s().notNull(),
})

/** Numbers of a series in the tail, in order of arrival, as packed numbers. */
const bytesOf = (column: string) =>
  sql.raw(
    `'\\x0${BIG_ENDIAN}'::bytea || string_agg(float8send(${column}), ''::bytea order by length, place)`,
  )
const firstOf = (column: string, order = 'length, place') =>
  sql.raw(`(array_agg(${column} order by ${order}))[1]`)
const ofFinite = (expression: string) =>
  sql.raw(`${expression} filter (where value > '-Infinity' and value < 'Infinity')`)
const atExtreme = (column: string, order: string) =>
  sql`(${ofFinite(`array_agg(${column} order by ${order}, length, place)`)})[1]`
const LAST = 'length desc, place desc'

/** The query of the pieces: of one job if `job_id` is given, otherwise of all. */
function piecesQuery(job_id?: string): SQL {
  const ofJob = job_id === undefined ? sql.raw('') : sql` where job_id = ${job_id}`
  const [chunks, tails] = [ofJob, ofJob]
  const stored =
    job_id === undefined ? sql.raw('stored.job_id = tail.job_id') : sql`stored.job_id = ${job_id}`
  return sql`
  select job_id, ${sql.raw(Object.keys(points()).join(', '))}, false as is_open from series_chunks${chunks}
  union all
  select job_id, attempt, name,
    coalesce((select ordinal + count from series_chunks as stored
      where ${stored} and stored.attempt = tail.attempt and stored.name = tail.name
      order by ordinal desc limit 1), 0) as ordinal,
    count(*)::int as count,
    ${bytesOf('step')} as steps, ${bytesOf('value')} as values, ${bytesOf('time')} as times,
    min(step) as min_step, max(step) as max_step,
    ${firstOf('step')} as first_step, ${firstOf('value')} as first_value,
    ${firstOf('time')} as first_time,
    ${firstOf('step', LAST)} as last_step, ${firstOf('value', LAST)} as last_value,
    ${firstOf('time', LAST)} as last_time,
    ${ofFinite('min(value)')} as min_value,
    ${atExtreme('step', 'value')} as min_value_step,
    ${atExtreme('time', 'value')} as min_value_time,
    ${ofFinite('max(value)')} as max_value,
    ${atExtreme('step', 'value desc')} as max_value_step,
    ${atExtreme('time', 'value desc')} as max_value_time,
    (count(*) - ${ofFinite('count(*)')})::int as non_finite, null::bytea as outline,
    max(revision) as revision, true as is_open
  from (
    select job_id, length, attempt, revision, name, place, step, time, value
    from series_tails,
      unnest(names) with ordinality as series (name, number),
      unnest(steps, times) with ordinality as event (step, time, place),
      lateral (select values[((place - 1) * cardinality(names) + number)::int] as value offset 0) as logged${tails}
  ) as tail
  where value is not null
  group by job_id, attempt, name`
}

/** All points: the chunks, and the tail of each series as an open chunk after them. */
export const seriesPieces = pgView('series_pieces', {
  job_id: uuid().notNull(),
  ...points(),
  /** Its points are in the tail, so they may move to a chunk. */
  is_open: boolean().notNull(),
}).as(piecesQuery())

/**
 * `series_pieces` of one job as a part of a query. The view does not fit into a lateral subquery if
 * the tables are distributed.
 */
export const piecesOf = (job_id: string): SQL => sql`(${piecesQuery(job_id)}) as pieces`
