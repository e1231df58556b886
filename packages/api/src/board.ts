import {
  boardId,
  boardToken,
  type Database,
  migrate,
  openDatabase,
  resolveHome,
} from '@bestmark/db'

/** What a server needs to answer for one board. */
export interface Board {
  db: Database
  board_id: string
  /** Who shows this secret may do everything. */
  token: string
  /** The data folder, absolute. */
  home: string
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
  const db = await openDatabase({ home, databaseUrl: env['DATABASE_URL'] || undefined })
  try {
    await migrate(db)
    const [board_id, token] = [await boardId(db), await boardToken(home)]
    return { db, board_id, token, home, close: () => db.close() }
  } catch (error) {
    await db.close()
    throw error
  }
}
