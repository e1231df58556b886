import { sql } from 'drizzle-orm'
import { seriesPieces } from '../schema.ts'
import type { ChunkKey, Reader } from './chunkReader.ts'

/** The numbers of a summary, in the order in which they are read. */
const NUMBERS = [
  'ordinal',
  'count',
  'min_step',
  'max_step',
  'first_step',
  'first_value',
  'first_time',
  'last_step',
  'last_value',
  'last_time',
  'min_value',
  'min_value_step',
  'min_value_time',
  'max_value',
  'max_value_step',
  'max_value_time',
  'non_finite',
] as const

/** A chunk without its points. Its extremes are NaN if no value is finite. */
export type ChunkSummary = ChunkKey &
  Record<(typeof NUMBERS)[number], number> & {
    /** Whether the points that an overview needs are stored. */
    has_outline: boolean
  }

/** The bytes of a number as Postgres sends it, and of a chunk with its two flags. */
const EACH = 8
const FLAGS = 2
const SIZE = EACH * (NUMBERS.length + FLAGS)

/**
 * The chunks of some series of a job, by attempt and ordinal. Postgres packs the numbers of all chunks
 * of an attempt, because a row for each of thousands of chunks takes longer than all other work.
 */
export async function chunkSummaries(
  orm: Reader,
  job_id: string,
  names: readonly string[],
): Promise<ChunkSummary[]> {
  if (names.length === 0) return []
  const numbers = NUMBERS.map((name) => `coalesce(${name}::float8, 'NaN')`)
  const flags = ['is_open::int', '(outline is not null)::int']
  // An array would take twice as long, and half as many bytes more.
  const packed = sql.raw([...numbers, ...flags].map((one) => `float8send(${one})`).join(' || '))
  const rows = await orm.execute(sql`
    select name, attempt, string_agg(packed, '' order by ordinal) as packed
    from (select name, attempt, ordinal, ${packed} as packed from ${seriesPieces}
      where job_id = ${job_id} and name = any(${sql.param(names)}::text[])
      -- Packs before the sort, which would else carry the outlines.
      offset 0) as piece
    group by name, attempt order by name, attempt`)
  // The columns are those of the query.
  return (rows as unknown as PackedRow[]).flatMap((row) => unpacked(job_id, row))
}

interface PackedRow {
  name: string
  attempt: number
  packed: Buffer
}

function unpacked(job_id: string, { name, attempt, packed }: PackedRow): ChunkSummary[] {
  const numbers = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  return Array.from({ length: packed.byteLength / SIZE }, (_, row) => {
    const at = (column: number): number => numbers.getFloat64(row * SIZE + EACH * column)
    return {
      ...{ job_id, name, attempt },
      ordinal: at(0),
      count: at(1),
      min_step: at(2),
      max_step: at(3),
      first_step: at(4),
      first_value: at(5),
      first_time: at(6),
      last_step: at(7),
      last_value: at(8),
      last_time: at(9),
      min_value: at(10),
      min_value_step: at(11),
      min_value_time: at(12),
      max_value: at(13),
      max_value_step: at(14),
      max_value_time: at(15),
      non_finite: at(16),
      is_open: at(17) === 1,
      has_outline: at(18) === 1,
    }
  })
}
