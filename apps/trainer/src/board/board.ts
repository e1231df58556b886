import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bestEffort,
  closeHome,
  DatabaseNewer,
  DatabaseUnavailable,
  hostId,
  HomeUnusable,
  isCutOff,
  makeHome,
  openBoard as openDatabaseOfBoard,
  resolveHome,
  stopEmbedded,
  type Database,
} from '@bestmark/db'
import { Failure } from '../failure.ts'
import { notify } from '../cli/terminal.ts'

/** Who starts runs: the data folder, and this machine. */
export interface Starter {
  home: string
  host_id: string
  host: string
}

/** An open, migrated board, and who this machine is to it. */
export interface Board extends Starter, AsyncDisposable {
  db: Database
}

interface OpenOptions {
  /**
   * This process starts others that use the database. One of them may be killed, which the embedded
   * server notices late, so closing the board waits for that.
   */
  hasChildren?: boolean
}

/**
 * Opens the board that BESTMARK_HOME and DATABASE_URL name, and starts the embedded database where
 * it does not run. Throws a Failure of one sentence where that fails.
 */
export async function openBoard(
  env: NodeJS.ProcessEnv = process.env,
  options: OpenOptions = {},
): Promise<Board> {
  return openPatiently(env, options).catch((error: unknown) => {
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
export async function openExistingBoard(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Board | undefined> {
  const home = resolveHome(env)
  // Whoever is on a board has an id there, which its jobs are known by.
  return existsSync(join(home, 'host_id')) ? openBoard(env) : undefined
}

/** For how long a server that is lost while the board is opened is tried anew, and the wait between (ms). */
const [PATIENCE, BETWEEN] = [3_000, 300]
/** How long the embedded server may take to stop; it then goes on stopping by itself (ms). */
const STOPPING = 5_000

/** A server that dies just now comes back, so what was begun is begun once more. */
async function openPatiently(env: NodeJS.ProcessEnv, options: OpenOptions): Promise<Board> {
  for (const since = performance.now(); ; await sleep(BETWEEN)) {
    try {
      return await open(env, options)
    } catch (error) {
      if (performance.now() - since > PATIENCE || !isCutOff(error)) throw error
    }
  }
}

async function open(env: NodeJS.ProcessEnv, { hasChildren }: OpenOptions): Promise<Board> {
  const home = resolveHome(env)
  await makeHome(home)
  for (const sentence of await closeHome(home)) notify(`${sentence}\n`)
  const db = await openDatabaseOfBoard(env)
  const close = async (): Promise<void> => {
    await db.close()
    const stop = () => stopEmbedded(home, undefined, hasChildren ? undefined : 0)
    if (db.folder !== undefined) await bestEffort(stop, STOPPING)
  }
  try {
    const host_id = await hostId(home)
    return { db, home, host_id, host: hostname(), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
