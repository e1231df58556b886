import {
  type Database,
  openBoard as openDatabaseOfBoard,
  PAGES,
  releaseMemoryWhenIdle,
  Replica,
  resolveHome as homeIn,
} from '@bestmark/db'

export { type Caller, LINK, type NoCaller, personCaller, tokenCaller } from './caller.ts'
export {
  BoardAccess,
  DatabaseUnavailable,
  hasAdmin,
  invitationOf,
  isApiSecret,
  type Person,
  Refused,
  resolveHome,
  type Serving,
  servingOf,
  setupSecret,
} from '@bestmark/db'
export { deniedTo, type ProcedurePath } from './denied.ts'
export { unavailable, unavailableSentence } from './unavailable.ts'

/** What a server needs to answer for one board. */
export interface Board {
  db: Database
  /** The copy in DATABASE_READ_URL. */
  replica?: Replica | undefined
  close(): Promise<void>
}

/**
 * Opens the board for pages and calls, once per process. `report` gets the errors of its replica, which
 * keep nobody from reading. Throws as db's `openBoard` does.
 */
export async function openBoard(
  env: Record<string, string | undefined> = process.env,
  report: (error: unknown) => void = () => undefined,
): Promise<Board> {
  const db = await openDatabaseOfBoard(env, PAGES)
  const readUrl = env['DATABASE_READ_URL']
  const variable = 'DATABASE_READ_URL'
  const copy = { home: homeIn(env), databaseUrl: readUrl, variable, limits: PAGES }
  const replica = readUrl && env['DATABASE_URL'] ? new Replica(db, copy, report) : undefined
  const end = releaseMemoryWhenIdle()
  return {
    db,
    replica,
    close: async () => {
      end()
      await Promise.all([replica?.close(), db.close()])
    },
  }
}
