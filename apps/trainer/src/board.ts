import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DatabaseNewer,
  DatabaseUnavailable,
  hostId,
  HomeUnusable,
  makeHome,
  migrate,
  openDatabase,
  resolveHome,
  stopEmbedded,
  type Database,
} from '@bestmark/db'
import { Failure } from './failure.ts'
import type { Starter } from './runs.ts'

/** An open, migrated board, and who this machine is to it. */
export interface Board extends Starter, AsyncDisposable {
  db: Database
}

/**
 * Opens the board that BESTMARK_HOME and DATABASE_URL name, starting the embedded database where
 * it does not run. Throws a Failure of one sentence where that cannot be.
 */
export async function openBoard(env: NodeJS.ProcessEnv = process.env): Promise<Board> {
  return openPatiently(env).catch((error: unknown) => {
    const told = [DatabaseUnavailable, DatabaseNewer, HomeUnusable].some(
      (kind) => error instanceof kind,
    )
    throw told && error instanceof Error ? new Failure(error.message, { cause: error }) : error
  })
}

/**
 * Opens the board of this data folder where one was ever made, and makes none. Throws a Failure as
 * `openBoard` does.
 */
export async function openBoardIfThere(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Board | undefined> {
  const home = resolveHome(env)
  // Whoever is on a board has an id there, which its jobs are known by.
  return existsSync(join(home, 'host_id')) ? openBoard(env) : undefined
}

/** How often a server may be lost while the board is being opened, and the wait between (ms). */
const [TRIES, BETWEEN] = [10, 300]
/** What a client says of a server that was there a moment ago, or is not there just now. */
const CUT_OFF =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|57P0[123]|ECONNRE(SET|FUSED)|EPIPE|ETIMEDOUT|EHOSTUNREACH)$/

/** A server that dies just now comes back, so what was begun is begun once more. */
async function openPatiently(env: NodeJS.ProcessEnv): Promise<Board> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(env)
    } catch (error) {
      if (tries === TRIES || !isCutOff(error)) throw error
      await sleep(BETWEEN)
    }
  }
}

/** Whether something failed because the database cannot be reached just now. */
export function isCutOff(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  // A socket that is not there is a server that is not.
  const isNoSocket = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
  return CUT_OFF.test(code) || isNoSocket || isCutOff(error.cause)
}

async function open(env: NodeJS.ProcessEnv): Promise<Board> {
  const home = resolveHome(env)
  await makeHome(home)
  const databaseUrl = env['DATABASE_URL'] || undefined
  const db = await openDatabase({ home, databaseUrl })
  const close = async (): Promise<void> => {
    await db.close()
    if (!databaseUrl) await stopEmbedded(home)
  }
  try {
    await migrate(db)
    const host_id = await hostId(home)
    return { db, home, host_id, host: hostname(), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
