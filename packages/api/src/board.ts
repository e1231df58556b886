import {
  type Database,
  openBoard as openDatabaseOfBoard,
  PAGES,
  releaseMemoryWhenIdle,
} from '@bestmark/db'

export { LINK, tokenCaller } from './caller.ts'
export { DatabaseUnavailable, BoardAccess, isApiSecret, resolveHome } from '@bestmark/db'
export { unavailable, unavailableSentence } from './unavailable.ts'

/** What a server needs to answer for one board. */
export interface Board {
  db: Database
  close(): Promise<void>
}

/** Opens the board for pages and calls, once per process. Throws as db's `openBoard` does. */
export async function openBoard(
  env: Record<string, string | undefined> = process.env,
): Promise<Board> {
  const db = await openDatabaseOfBoard(env, PAGES)
  const end = releaseMemoryWhenIdle()
  return {
    db,
    close: () => {
      end()
      return db.close()
    },
  }
}
