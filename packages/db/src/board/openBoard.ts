import { type Database, type DatabaseOptions, openDatabase } from '../connection/client.ts'
import { resolveHome } from '../connection/home.ts'
import { type Limits, WORK } from '../connection/limits.ts'
import { migrate } from '../connection/migrate.ts'
import { countLossScales } from '../series/lossScales.ts'

/**
 * Opens the board that BESTMARK_HOME and DATABASE_URL name, and migrates it. `limits` bound later
 * queries; `application_name` is the name of its connections on the server. Throws DatabaseUnavailable, HomeUnusable or DatabaseNewer, each with a message of one
 * sentence.
 */
export async function openBoard(
  env: Record<string, string | undefined> = process.env,
  limits: Limits = WORK,
  application_name?: string,
): Promise<Database> {
  const databaseUrl = env['DATABASE_URL'] || undefined
  const options = { home: resolveHome(env), databaseUrl, application_name }
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
  await migrate(db)
  await countLossScales(db.orm)
}
