import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Database } from './client.ts'

/** A newer version of Bestmark migrated the database. */
export class DatabaseNewer extends Error {
  override readonly name = 'DatabaseNewer'
}

/** The lock of a migration: one process migrates, and the others then find the new schema. */
const LOCK = 7_365_001

const FOLDER = fileURLToPath(new URL('../migrations/', import.meta.url))

/**
 * Applies all missing migrations, or none if one fails. Throws DatabaseNewer if the database has
 * migrations that this code does not have, and then changes nothing.
 */
export async function migrate(db: Database, folder = FOLDER): Promise<void> {
  const available = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  await db.sql.begin(async (tx) => {
    // A migration of large tables may take long.
    await tx`set local statement_timeout = 0`
    await tx`select pg_advisory_xact_lock(${LOCK})`
    await tx`create table if not exists migrations (name text primary key, applied_at float8 not null)`
    const rows = await tx<{ name: string }[]>`select name from migrations order by name`
    const applied = rows.map(({ name }) => name)
    const unknown = applied.filter((name) => !available.includes(name))
    if (unknown.length > 0) throw newer(db, unknown)
    for (const name of available.filter((name) => !applied.includes(name))) {
      await tx.unsafe(await readFile(`${folder}/${name}`, 'utf8'))
      await tx`insert into migrations
        values (${name}, extract(epoch from clock_timestamp()) * 1000)`
    }
  })
}

function newer(db: Database, unknown: readonly string[]): DatabaseNewer {
  return new DatabaseNewer(
    `The database (${db.describe}) was made by a newer Bestmark: it holds ${unknown.join(', ')}, ` +
      'which this version does not know. Update Bestmark, or open another database.',
  )
}
