import type { Database } from '../connection/client.ts'

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
  const sizeOf = async (tables: readonly string[]): Promise<number> => {
    const [row] = await sql<{ bytes: number }[]>`
      select coalesce(sum(pg_total_relation_size(oid)), 0)::float8 as bytes from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
        and relname in ${sql([...tables])}`
    return row?.bytes ?? 0
  }
  const [all] = await sql<{ bytes: number }[]>`
    select coalesce(sum(pg_total_relation_size(oid)), 0)::float8 as bytes from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`
  const points = await sizeOf(TABLES.points)
  const logs = await sizeOf(TABLES.logs)
  const samples = await sizeOf(TABLES.samples)
  return { points, logs, samples, rest: (all?.bytes ?? 0) - points - logs - samples }
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
