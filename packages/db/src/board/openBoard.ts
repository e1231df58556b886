import type { Database } from '../connection/client.ts'
import { type DatabaseOptions, openDatabase } from '../connection/openDatabase.ts'
import { resolveHome } from '../connection/home.ts'
import { type Limits, WORK } from '../connection/limits.ts'
import { migrate } from '../connection/migrate.ts'
import { runMigration } from '../distribution/distribute.ts'
import { countLossScales } from '../series/lossScales.ts'

/**
 * Opens the board that BESTMARK_HOME, DATABASE_URL and DATABASE_LISTEN_URL name, and migrates it.
 * `limits` bound later queries. Throws DatabaseUnavailable, HomeUnusable or DatabaseNewer, each with
 * a message of one sentence.
 */
export async function openBoard(
  env: Record<string, string | undefined> = process.env,
  limits: Limits = WORK,
  use: Pick<DatabaseOptions, 'application_name' | 'connections'> = {},
): Promise<Database> {
  const databaseUrl = env['DATABASE_URL'] || undefined
  const listenUrl = env['DATABASE_LISTEN_URL'] || undefined
  const options = { home: resolveHome(env), databaseUrl, listenUrl, ...use }
  const db = await openDatabase({ ...options, limits })
  try {
    await (limits === WORK ? upToDate(db) : upToDateApart(options))
    return db
  } catch (error) {
    await db.close()
    throw error
  }
}

/** A migration may take longer than a page's query. */
async function upToDateApart(options: DatabaseOptions): Promise<void> {
  const db = await openDatabase(options)
  await upToDate(db).finally(() => db.close())
}

async function upToDate(db: Database): Promise<void> {
  await migrate(db, undefined, runMigration)
  await countLossScales(db.orm)
}
