import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Sql, TransactionSql } from 'postgres'
import type { Client, Database } from './client.ts'

/** A transaction without Drizzle, which has neither COPY nor several statements at once. */
export type SqlTx = Client extends Sql<infer Types> ? TransactionSql<Types> : never

/** A newer version of Bestmark migrated the database. */
export class DatabaseNewer extends Error {
  override readonly name = 'DatabaseNewer'
}

/** The lock of a migration: one process migrates, and the others then find the new schema. */
const LOCK = 7_365_001

const FOLDER = fileURLToPath(new URL('../migrations/', import.meta.url))

/** Runs the statements of one migration. */
export type RunMigration = (tx: SqlTx, text: string) => Promise<unknown>

/** All statements at once, which is fastest. */
const RUN: RunMigration = (tx, text) => tx.unsafe(text)

/**
 * Applies all missing migrations, or none if one fails. Throws DatabaseNewer if the database has
 * migrations that this code does not have, and then changes nothing.
 */
export async function migrate(db: Database, folder = FOLDER, run = RUN): Promise<void> {
  const available = await migrationNames(folder)
  await db.sql.begin(async (tx) => {
    // A migration of large tables may take long.
    await tx`set local statement_timeout = 0`
    await lockMigrations(tx)
    const unknown = (await appliedIn(tx)).filter((name) => !available.includes(name))
    if (unknown.length > 0) throw newer(db, unknown)
    await applyMigrations(tx, { folder, run })
  })
}

/** The names of all migrations, in order. */
export async function migrationNames(folder = FOLDER): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
}

/** Waits until no other process migrates. The lock is released with the transaction. */
export async function lockMigrations(tx: SqlTx): Promise<void> {
  await tx`select pg_advisory_xact_lock(${LOCK})`
}

/** Applies the migrations that are missing, up to `last` if it is given. */
export async function applyMigrations(
  tx: SqlTx,
  { folder = FOLDER, last, run = RUN }: { folder?: string; last?: string; run?: RunMigration } = {},
): Promise<void> {
  const applied = await appliedIn(tx)
  for (const name of await migrationNames(folder)) {
    if (applied.includes(name) || (last !== undefined && name > last)) continue
    await run(tx, await readFile(`${folder}/${name}`, 'utf8'))
    await tx`insert into migrations
      values (${name}, extract(epoch from clock_timestamp()) * 1000)`
  }
}

async function appliedIn(tx: SqlTx): Promise<string[]> {
  await tx`create table if not exists migrations (name text primary key, applied_at float8 not null)`
  const rows = await tx<{ name: string }[]>`select name from migrations order by name`
  return rows.map(({ name }) => name)
}

function newer(db: Database, unknown: readonly string[]): DatabaseNewer {
  return new DatabaseNewer(
    `The database (${db.describe}) was made by a newer Bestmark: it has ${unknown.join(', ')}, ` +
      'which this version does not have. Update Bestmark, or open another database.',
  )
}
