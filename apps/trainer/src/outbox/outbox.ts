import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hostId, HomeUnusable, resolveHome } from '@bestmark/db'
import { Failure } from '../failure.ts'
import { statIfSeen } from '../files/runFile.ts'
import { Spool } from './spool.ts'

/** Where the runs of this host are spooled. */
export interface Outbox {
  outbox: string
  host_id: string
}

/** The outbox in the data folder of this host. Throws a Failure if that cannot be used. */
export async function outboxHere(): Promise<Outbox> {
  const home = resolveHome()
  try {
    const isShareable = true
    return { outbox: join(home, 'outbox'), host_id: await hostId({ home, isShareable }) }
  } catch (error) {
    throw error instanceof HomeUnusable ? new Failure(error.message, { cause: error }) : error
  }
}

/** The spools in an outbox, without those that were left incomplete. */
export function spoolsIn(outbox: string): Spool[] {
  const names = statIfSeen(outbox) ? readdirSync(outbox) : []
  return names.flatMap((name) => Spool.open(join(outbox, name)) ?? [])
}

/** The job of the run in a folder that an outbox has; undefined if it has none. */
export function spooledJob(outbox: string, root: string): string | undefined {
  const spools = spoolsIn(outbox).map(({ state }) => state)
  return spools.find((state) => state.root === root && !state.is_replaced)?.job_id
}

/** The journal of a spool as it is now, to be sent. */
export function spoolFile(spool: Spool) {
  const { job_id, bytes, root } = spool.state
  const { path, kept } = spool
  return { job_id, path, bytes, root, kept, checkpoints: () => spool.checkpoints }
}
