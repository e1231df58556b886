import type { SqlTx } from '../connection/migrate.ts'
import { DISTRIBUTED_BY } from './placement.ts'

/** A distributed table, and the column by which it is. */
interface DistributedTable {
  name: string
  /** Null for a reference table. */
  column: string | null
}

/** The version of Citus in this database; undefined if it is not there. */
export async function citusVersion(tx: SqlTx): Promise<string | undefined> {
  const [row] = await tx<{ version: string }[]>`
    select extversion as version from pg_extension where extname = 'citus'`
  return row?.version
}

/** The tables that Citus distributes. The database must have Citus. */
export async function distributedTables(tx: SqlTx): Promise<Map<string, DistributedTable>> {
  const rows = await tx<DistributedTable[]>`
    select relname as name, column_to_column_name(logicalrelid, partkey) as column
    from pg_dist_partition join pg_class on pg_class.oid = logicalrelid
    where relnamespace = 'public'::regnamespace`
  return new Map(rows.map((row) => [row.name, row]))
}

/** The bytes of each distributed table on all servers. The coordinator's own size of it is 0. */
export async function sizesOnServers(tx: SqlTx): Promise<Map<string, number>> {
  const rows = await tx<{ name: string; bytes: number }[]>`
    select relname as name, citus_total_relation_size(logicalrelid)::float8 as bytes
    from pg_dist_partition join pg_class on pg_class.oid = logicalrelid
    where relnamespace = 'public'::regnamespace`
  return new Map(rows.map(({ name, bytes }) => [name, bytes]))
}

/** How many servers may have rows of distributed tables. */
export async function serversWithRows(tx: SqlTx): Promise<number> {
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from pg_dist_node where shouldhaveshards and isactive`
  return row?.count ?? 0
}

/**
 * Takes one snapshot per server, for a transaction that is repeatable read. Otherwise each COPY of a
 * distributed table has a moment of its own. The coordinator's snapshot is the oldest, so what its
 * rows refer to is in the others.
 */
export async function takeSnapshots(tx: SqlTx, everywhere: string): Promise<void> {
  // Each connection to a server has a snapshot of its own.
  await tx`set local citus.max_adaptive_executor_pool_size = 1`
  await tx`select 1 from ${tx(everywhere)} limit 1`
}

/**
 * Distributes a table by job, with all its rows, beside the tables that are already distributed so.
 * Its rows of a job are on the server of the job.
 */
export async function distributeTable(tx: SqlTx, name: string, beside: string): Promise<void> {
  const group = name === beside ? 'default' : beside
  await tx`select create_distributed_table(${name}::text::regclass, ${DISTRIBUTED_BY}::text,
    colocate_with => ${group}::text)`
}
