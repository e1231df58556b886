import { realpath } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { bestEffort } from '../bestEffort.ts'
import postgres from 'postgres'
import { type Address, clientOptions, PRESENCE_NAME } from '../address.ts'
import type { ServerPaths } from './serverPaths.ts'
import { addressOf, checkServer, interruptServer, isServerAlive } from './server.ts'
import { findServerPaths, ensureServer } from './start.ts'
import { digestOf } from './serverPaths.ts'
import { takeTurn } from './turn.ts'
import { forgetHost } from './hostNote.ts'
import { type Machine, thisMachine } from '../machine.ts'
import { makeHome, unusable } from '../home.ts'

/** The advisory lock of presence: shared by every Bestmark process, exclusive to stop the server. */
const PRESENCE = 7_365_002
/** How long the server may take to notice that a process was killed (ms). */
const NOTICED = 300

/** This process's use of an embedded server, which others may use too. */
export interface Embedded {
  address: Address
  /** The folder that holds the database files. */
  folder: string
  /** Ends this process's use; the server keeps running for others. */
  leave: () => Promise<void>
}

/**
 * Joins the embedded server of a data folder, and starts it if none runs. While joined, a server
 * that dies is started again. Throws DatabaseUnavailable, such as if another machine runs it, or
 * HomeUnusable.
 */
export async function joinEmbedded(home: string, machine?: Machine): Promise<Embedded> {
  const real = await openHome(home)
  const me = machine ?? thisMachine()
  let left = false
  let presence = await holdPresence(real, me, again)
  async function again(): Promise<void> {
    while (!left) {
      try {
        presence = await holdPresence(real, me, again)
        if (left) await presence.sql.end({ timeout: 2 })
        return
      } catch {
        // Queries fail by themselves meanwhile; the loop tries again.
        await pause(1_000)
      }
    }
  }
  const { paths } = presence
  const leave = async (): Promise<void> => {
    left = true
    // After this answer, other processes do not count this one.
    await bestEffort(() => presence.sql`select pg_advisory_unlock_shared(${PRESENCE})`)
    await presence.sql.end({ timeout: 2 })
  }
  return { address: addressOf(paths), folder: paths.home, leave }
}

/** A connection whose lock shows that this process is alive; the server frees it when we die. */
async function holdPresence(
  home: string,
  me: Machine,
  onclose: () => Promise<void>,
): Promise<{ paths: ServerPaths; sql: postgres.Sql }> {
  for (let tries = 0; ; tries++) {
    const paths = await ensureServer(home, me)
    let there = false
    const sql = postgres({
      ...clientOptions(addressOf(paths, PRESENCE_NAME)),
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      onclose: () => void (there && onclose()),
    })
    try {
      await sql`select pg_advisory_lock_shared(${PRESENCE})`
      there = true
      return { paths, sql }
    } catch (error) {
      // The last process may have stopped the server between our two steps.
      await sql.end({ timeout: 0 })
      if (tries >= 5) throw error
    }
  }
}

/**
 * Stops the embedded server of a data folder, unless another Bestmark process uses it.
 * Waits up to `patience` (ms) for the server to notice a process that was killed; one that left
 * needs no wait. Returns whether the server is stopped.
 */
export async function stopEmbedded(
  home: string,
  machine?: Machine,
  patience = NOTICED,
): Promise<boolean> {
  const real = await openHome(home)
  const me = machine ?? thisMachine()
  const paths = await findServerPaths(real)
  await using _turn = await takeTurn(digestOf(real))
  if ((await checkServer(paths)) === 'no') {
    if (!(await isServerAlive(paths))) await forgetHost(real, me)
    return true
  }
  const sql = postgres({ ...clientOptions(addressOf(paths)), max: 1 })
  try {
    if (!(await isAlone(sql, patience))) return false
    if (!(await interruptServer(paths))) return false
    while (await isServerAlive(paths)) await pause(10)
    await forgetHost(real, me)
    return true
  } finally {
    await bestEffort(() => sql.end({ timeout: 0 }))
  }
}

async function isAlone(sql: postgres.Sql, patience: number): Promise<boolean> {
  for (const since = performance.now(); ; await pause(20)) {
    const [row] = await sql<{ alone: boolean }[]>`
      select pg_try_advisory_lock(${PRESENCE}) as alone`
    if (row?.alone) return true
    if (performance.now() - since >= patience) return false
  }
}

async function openHome(home: string): Promise<string> {
  await makeHome(home)
  try {
    return await realpath(home)
  } catch (cause) {
    throw unusable(home, cause)
  }
}
