import type { Database } from '../connection/client.ts'
import type { SqlTx } from '../connection/migrate.ts'
import { distributedSizes } from '../distribution/distribute.ts'

/** What fills the database of a board, in bytes. */
export interface BoardSpace {
  points: number
  logs: number
  samples: number
  /** Jobs, evaluations, checkpoints and all else. */
  rest: number
}

const TABLES: Record<Exclude<keyof BoardSpace, 'rest'>, readonly string[]> = {
  points: ['series_chunks', 'series_tails'],
  logs: ['logs', 'log_chunks'],
  samples: ['samples', 'sample_contents'],
}

/** The tables that removed jobs and points leave space in. */
const VACUUMED = [...Object.values(TABLES).flat(), 'evaluations', 'checkpoints']

/** How much of the disk the tables use, with their indexes and their free space. */
export async function boardSpace({ sql }: Database): Promise<BoardSpace> {
  const sizes = await sql.begin('read only', sizesOf)
  const sizeOf = (tables: Iterable<string>): number => {
    return [...tables].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0)
  }
  const points = sizeOf(TABLES.points)
  const logs = sizeOf(TABLES.logs)
  const samples = sizeOf(TABLES.samples)
  return { points, logs, samples, rest: sizeOf(sizes.keys()) - points - logs - samples }
}

/** The size of each table, on all servers. */
async function sizesOf(tx: SqlTx): Promise<Map<string, number>> {
  const rows = await tx<{ name: string; bytes: number }[]>`
    select relname as name, pg_total_relation_size(oid)::float8 as bytes from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`
  const sizes = rows.map(({ name, bytes }) => [name, bytes] as const)
  return new Map([...sizes, ...(await distributedSizes(tx))])
}

/**
 * Makes the space of removed rows free for new ones, and gives the free end of each table back to the
 * disk. Nobody waits for it. Tables that another process vacuums are skipped.
 */
export async function vacuumBoard({ sql }: Database): Promise<void> {
  await sql.unsafe(`vacuum (skip_locked) ${VACUUMED.join(', ')}`)
}

/** How long compacting waits for a table that others use (ms). */
const PATIENCE = 10_000

/**
 * Writes tables again without their free space, so that the disk gets all of it back. Recording and
 * reading wait while one table is written.
 */
export async function compactBoard({ sessions }: Database): Promise<void> {
  const sql = sessions()
  // The client reserves only a connection that is open.
  await sql`select 1`
  const connection = await sql.reserve()
  try {
    await connection.unsafe(`set lock_timeout = ${PATIENCE}`)
    for (const table of VACUUMED) await connection.unsafe(`vacuum (full) ${table}`)
  } finally {
    await connection.unsafe('reset lock_timeout')
    connection.release()
  }
}
