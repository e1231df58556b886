import type { Series } from '@bestmark/core'
import { type SQL, sql } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { seriesChunks, seriesPieces } from '../schema.ts'
import { unpackNumbers } from '../values/packedNumbers.ts'

/** Reads rows without Drizzle, which takes twice as long for many rows. */
export type Reader = Pick<Orm, 'execute'>

/** A chunk of a series, or the open piece after its chunks. */
export interface ChunkKey {
  job_id: string
  attempt: number
  name: string
  ordinal: number
  is_open: boolean
}

/** Names a chunk or an open piece. */
export function chunkKey({ job_id, attempt, ordinal, name }: Omit<ChunkKey, 'is_open'>): string {
  return `${job_id} ${attempt} ${ordinal} ${name}`
}

/** What can be read of a chunk. `outline` is null where it was not stored. */
type Column = keyof Series | 'outline'

type Row<Name extends Column> = Omit<ChunkKey, 'is_open'> & Record<Name, Buffer | null>

/** The requested columns of some chunks and open pieces, by `chunkKey`. */
export async function readChunks<Name extends Column>(
  orm: Reader,
  keys: readonly ChunkKey[],
  names: readonly Name[],
): Promise<Map<string, Record<Name, Float64Array>>> {
  const columns = sql.join(
    [sql.raw('job_id, attempt, name, ordinal::float8 as ordinal'), ...names.map(sql.identifier)],
    sql`, `,
  )
  const { true: open = [], false: closed = [] } = Object.groupBy(keys, (key) => `${key.is_open}`)
  const rows = [
    ...(await readClosed<Name>(orm, closed, columns)),
    ...(await readOpen<Name>(orm, open, columns)),
  ]
  return new Map(
    rows.map((row) => {
      const entries = names.map((name) => [name, unpackNumbers(row[name] ?? Buffer.alloc(0))])
      // The entries are exactly the requested columns.
      return [chunkKey(row), Object.fromEntries(entries) as Record<Name, Float64Array>]
    }),
  )
}

async function readClosed<Name extends Column>(
  orm: Reader,
  keys: readonly ChunkKey[],
  columns: SQL,
): Promise<Row<Name>[]> {
  if (keys.length === 0) return []
  const column = (of: (key: ChunkKey) => string | number) => sql.param(keys.map(of))
  const rows = await orm.execute(sql`
    select ${columns} from ${seriesChunks}
    where (job_id, attempt, name, ordinal) in (
      select * from unnest(${column((key) => key.job_id)}::uuid[],
        ${column((key) => key.attempt)}::int[], ${column((key) => key.name)}::text[],
        ${column((key) => key.ordinal)}::bigint[]))`)
  // The columns are those of the type.
  return rows as unknown as Row<Name>[]
}

/** A series has at most one open piece per attempt, so these are few more than requested. */
async function readOpen<Name extends Column>(
  orm: Reader,
  keys: readonly ChunkKey[],
  columns: SQL,
): Promise<Row<Name>[]> {
  if (keys.length === 0) return []
  const column = (of: (key: ChunkKey) => string | number) => sql.param([...new Set(keys.map(of))])
  const rows = await orm.execute(sql`
    select ${columns} from ${seriesPieces}
    where is_open and job_id = any(${column((key) => key.job_id)}::uuid[])
      and attempt = any(${column((key) => key.attempt)}::int[])
      and name = any(${column((key) => key.name)}::text[])`)
  // The columns are those of the type.
  return rows as unknown as Row<Name>[]
}
