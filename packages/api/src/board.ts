import { type Database, migrate, openDatabase, PAGES, resolveHome } from '@bestmark/db'

export { DatabaseUnavailable, Door, resolveHome } from '@bestmark/db'
export { unavailable, unavailableSentence } from './unavailable.ts'

/** What a server needs to answer for one board. */
export interface Board {
  db: Database
  close(): Promise<void>
}

/**
 * Opens the board that BESTMARK_HOME and DATABASE_URL name, once a process. Throws
 * DatabaseUnavailable, HomeUnusable or DatabaseNewer, each with one sentence.
 */
export async function openBoard(
  env: Record<string, string | undefined> = process.env,
): Promise<Board> {
  const home = resolveHome(env)
  const place = { home, databaseUrl: env['DATABASE_URL'] || undefined }
  const db = await openDatabase({ ...place, limits: PAGES })
  try {
    await migrated(place)
    return { db, close: () => db.close() }
  } catch (error) {
    await db.close()
    throw error
  }
}

/** A migration may take longer than a page. */
async function migrated(place: Parameters<typeof openDatabase>[0]): Promise<void> {
  const db = await openDatabase(place)
  await migrate(db).finally(() => db.close())
}
