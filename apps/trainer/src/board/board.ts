import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bestEffort,
  makeHomePrivate,
  DatabaseNewer,
  DatabaseUnavailable,
  hostId,
  type HostPlace,
  HomeUnusable,
  isDisconnected,
  makeHome,
  openBoard as openDatabaseOfBoard,
  resolveHome,
  stopEmbedded,
  type Database,
} from '@bestmark/db'
import { Failure } from '../failure.ts'
import { notify } from '../cli/terminal.ts'

/** The data folder and the machine that start runs. */
export interface Starter {
  home: string
  host_id: string
  host: string
}

/** An open, migrated board, and the identity of this machine on it. */
export interface Board extends Starter, AsyncDisposable {
  db: Database
}

interface OpenOptions {
  /**
   * This process starts others that use the database. The embedded server notices late when one of
   * them is killed, so closing the board waits for it.
   */
  hasChildren?: boolean
  /** The name of its connections on the server. */
  application_name?: string
  /** How many connections its queries use. */
  connections?: number
}

/**
 * Opens the board of BESTMARK_HOME and DATABASE_URL, and starts the embedded database if it is not
 * running. Throws a Failure.
 */
export async function openBoard(
  env: NodeJS.ProcessEnv = process.env,
  options: OpenOptions = {},
): Promise<Board> {
  return openPatiently(env, options).catch((error: unknown) => {
    const isExplained = [DatabaseUnavailable, DatabaseNewer, HomeUnusable].some(
      (kind) => error instanceof kind,
    )
    throw isExplained && error instanceof Error
      ? new Failure(error.message, { cause: error })
      : error
  })
}

/**
 * Opens the board of this data folder if it exists. Never creates one. Throws a Failure as
 * `openBoard` does.
 */
export async function openExistingBoard(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Board | undefined> {
  const home = resolveHome(env)
  // Opening a board writes this file.
  return existsSync(join(home, 'host_id')) ? openBoard(env) : undefined
}

/** Where the id of this machine is kept. */
export function placeOf({ db, home }: Pick<Board, 'db' | 'home'>): HostPlace {
  return { home, isShareable: db.folder === undefined }
}

const NOT_NOTIFIED =
  'DATABASE_URL leads to a pool, where notifications do not arrive, so Bestmark looks for news every ' +
  'few seconds. For live pages set DATABASE_LISTEN_URL to the address of the server itself.\n'

/** How long opening is retried if the server dies, and the wait between two tries (ms). */
const [PATIENCE, BETWEEN] = [3_000, 300]
/** How long to wait until the embedded server stops (ms). Later it stops by itself. */
const STOPPING = 5_000

/** Opens the board again if the server dies meanwhile, since it starts again. */
async function openPatiently(env: NodeJS.ProcessEnv, options: OpenOptions): Promise<Board> {
  for (const since = performance.now(); ; await sleep(BETWEEN)) {
    try {
      return await open(env, options)
    } catch (error) {
      if (performance.now() - since > PATIENCE || !isDisconnected(error)) throw error
    }
  }
}

async function open(env: NodeJS.ProcessEnv, { hasChildren, ...use }: OpenOptions): Promise<Board> {
  const home = resolveHome(env)
  await makeHome(home)
  for (const sentence of await makeHomePrivate(home)) notify(`${sentence}\n`)
  const db = await openDatabaseOfBoard(env, undefined, use)
  // Only commands that stay limit their connections, and only they listen for long.
  if (!db.isNotified && use.connections !== undefined) notify(NOT_NOTIFIED)
  const close = async (): Promise<void> => {
    await db.close()
    const stop = () => stopEmbedded(home, undefined, hasChildren ? undefined : 0)
    if (db.folder !== undefined) await bestEffort(stop, STOPPING)
  }
  try {
    const host_id = await hostId(placeOf({ db, home }))
    return { db, home, host_id, host: hostname(), [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
