import {
  DatabaseUnavailable,
  BoardAccess,
  openBoard,
  resolveHome,
  type Board,
} from '@bestmark/api/board'
import {
  BESTMARK_HOME,
  DATABASE_LISTEN_URL,
  DATABASE_READ_URL,
  DATABASE_URL,
} from '$app/env/private'
import { logError } from './errors.ts'

/** How long a request waits for the board to open (ms); a database may recover for minutes. */
const PATIENCE = 6_000

/** The data folder. */
export const home = resolveHome({ BESTMARK_HOME })

/** The access rules, which do not need the database. */
export const access = new BoardAccess(home)

const ENV = { BESTMARK_HOME, DATABASE_URL, DATABASE_LISTEN_URL, DATABASE_READ_URL }

let opened: Promise<Board> | undefined

/**
 * The board of this process, opened with the first request. Rejects while the database cannot be
 * reached; the next call tries again.
 */
export function board(): Promise<Board> {
  opened ??= openBoard(ENV, logError).catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return withTimeout(opened)
}

async function withTimeout(opening: Promise<Board>): Promise<Board> {
  const late = Promise.withResolvers<never>()
  const why = 'The database is not ready yet: it is starting, recovering or being migrated.'
  const timer = setTimeout(() => late.reject(new DatabaseUnavailable(why)), PATIENCE)
  return Promise.race([opening, late.promise]).finally(() => clearTimeout(timer))
}

/** Closes the connections to the database. */
export async function closeBoard(): Promise<void> {
  const closing = opened
  opened = undefined
  await (await closing?.catch(() => undefined))?.close()
}
