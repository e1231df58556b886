import type { Database } from '../connection/client.ts'
import { lockMigrations, type SqlTx } from '../connection/migrate.ts'
import { Refused } from '../values/refused.ts'
import {
  citusVersion,
  distributedTables,
  distributeTable,
  serversWithRows,
  sizesOnServers,
  takeSnapshots,
} from './citus.ts'
import { CROSSING, DISTRIBUTED, DISTRIBUTED_BY } from './placement.ts'

/** The table with one row per job, beside whose rows all others are. */
const [JOBS = ''] = DISTRIBUTED

/** What was done, or with a dry run would be done, to a table. */
type TableChange = 'distributed' | 'already_distributed' | 'key_removed'

/** A table that is distributed, or a local one that loses a foreign key. */
export interface DistributedStep {
  table: string
  change: TableChange
  /** The table that the removed foreign key referred to. */
  refers_to?: string
}

export interface Distribution {
  citus: string
  /** How many servers may have rows of distributed tables. */
  servers: number
  steps: DistributedStep[]
}

/**
 * Distributes the tables of the board over the servers of a Citus coordinator, in one transaction. A
 * table that is already distributed stays as it is. With `dry_run` nothing changes. Throws Refused if
 * the database has no Citus, or distributes a table by another column.
 */
export async function distribute(
  db: Database,
  { dry_run = false }: { dry_run?: boolean } = {},
): Promise<Distribution> {
  return db.sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`
    await lockMigrations(tx)
    const citus = await citusVersion(tx)
    if (citus === undefined) throw withoutCitus(db)
    const keys = await removeCrossingKeys(tx, dry_run)
    const tables = await distributeMissing(tx, dry_run)
    return { citus, servers: await serversWithRows(tx), steps: [...tables, ...keys] }
  })
}

function withoutCitus(db: Database): Refused {
  return new Refused(
    `The database (${db.describe}) has no Citus. Set DATABASE_URL to the coordinator of a Citus ` +
      'cluster, and run there "create extension citus", or leave the board on one server.',
  )
}

/** Distributes each table that is not distributed yet, with its rows. */
async function distributeMissing(tx: SqlTx, dry_run: boolean): Promise<DistributedStep[]> {
  const before = await distributedTables(tx)
  const missing = DISTRIBUTED.filter((table) => !before.has(table))
  for (const [table, { column }] of before) {
    if (DISTRIBUTED.includes(table) && column !== DISTRIBUTED_BY) throw otherwise(table, column)
  }
  if (!dry_run && missing.length > 0) {
    await oneAfterAnother(tx)
    for (const table of missing) await distributeTable(tx, table, JOBS)
    await freeCoordinator(tx, missing)
  }
  return DISTRIBUTED.map((table) => {
    return { table, change: missing.includes(table) ? 'distributed' : 'already_distributed' }
  })
}

function otherwise(table: string, column: string | null): Refused {
  const how = column === null ? 'a reference table' : `distributed by ${column}`
  return new Refused(
    `The table ${table} is ${how}. Run on the coordinator "select undistribute_table('${table}', ` +
      'cascade_via_foreign_keys => true)", then run bestmark distribute again.',
  )
}

/** The shards of several tables are changed in one transaction, so over one connection per server. */
async function oneAfterAnother(tx: SqlTx): Promise<void> {
  await tx`set local citus.multi_shard_modify_mode = 'sequential'`
}

/** The rows are on the workers now. The coordinator still has the old ones, which nobody sees. */
async function freeCoordinator(tx: SqlTx, tables: readonly string[]): Promise<void> {
  // It empties the tables that refer to this one, too.
  if (tables.includes(JOBS)) await tx`select truncate_local_data_after_distributing_table(${JOBS})`
}

/** A local table cannot refer to a distributed one. */
async function removeCrossingKeys(tx: SqlTx, dry_run: boolean): Promise<DistributedStep[]> {
  const stored = await tx<{ name: string }[]>`
    select conname as name from pg_constraint where contype = 'f'`
  const names = new Set(stored.map(({ name }) => name))
  const found = CROSSING.filter(({ name }) => names.has(name))
  if (!dry_run) {
    for (const { from, name } of found)
      await tx.unsafe(`alter table "${from}" drop constraint "${name}"`)
  }
  return found.map(({ from, to }) => ({ table: from, change: 'key_removed', refers_to: to }))
}

/**
 * Applies one migration. On a distributed board it runs each statement by itself, and distributes a
 * new table before a foreign key of it is made.
 */
export async function runMigration(tx: SqlTx, text: string): Promise<void> {
  if (!(await isDistributed(tx))) {
    await tx.unsafe(text)
    return
  }
  await oneAfterAnother(tx)
  for (const statement of statementsOf(text)) {
    await tx.unsafe(statement)
    if (!isNewTable(statement)) continue
    const before = await distributedTables(tx)
    for (const table of await missingOf(tx, before)) await distributeTable(tx, table, JOBS)
  }
}

/** The statements of a migration, which drizzle-kit separates by this mark. */
export function statementsOf(text: string): string[] {
  return text.split('--> statement-breakpoint').filter((statement) => statement.trim() !== '')
}

const isNewTable = (statement: string): boolean => /^\s*(--.*\n\s*)*create table\b/i.test(statement)

/** The tables that exist and must be distributed. */
async function missingOf(tx: SqlTx, before: ReadonlyMap<string, unknown>): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public'`
  const names = new Set(rows.map(({ name }) => name))
  return DISTRIBUTED.filter((table) => names.has(table) && !before.has(table))
}

/** The bytes of each table that is on several servers. */
export async function distributedSizes(tx: SqlTx): Promise<Map<string, number>> {
  return (await isDistributed(tx)) ? sizesOnServers(tx) : new Map()
}

/** Within a transaction that is repeatable read: all rows of one server are read at one moment. */
export async function readAtOneMoment(tx: SqlTx): Promise<void> {
  if (await isDistributed(tx)) await takeSnapshots(tx, JOBS)
}

/** Whether the tables of this board are on several servers. */
export async function isDistributed(tx: SqlTx): Promise<boolean> {
  return (await citusVersion(tx)) !== undefined && (await distributedTables(tx)).has(JOBS)
}
