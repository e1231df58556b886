import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDeployment, listCheckpoints, type Database } from '@bestmark/db'

/** Milliseconds between two orders, and between two looks at what serves. */
const [ORDER, LOOK] = [500, 20]
const MODEL = 'soak'

/** What was seen of the folder that serves while its shippers were killed. */
export interface Served {
  looks: number
  /** Looks at which `current` led nowhere, or to a folder without files. */
  broken: number
}

/** Ships a run's newest checkpoint again and again, and looks at what serves, until the signal aborts. */
export async function shipOn(
  db: Database,
  { job_id, home }: { job_id: string; home: string },
  signal: AbortSignal,
): Promise<Served> {
  const served: Served = { looks: 0, broken: 0 }
  const looking = lookOn(join(home, 'models', MODEL), served, signal)
  while (!signal.aborted) {
    // The database is killed meanwhile; the next order finds it again.
    await order(db, job_id).catch(() => undefined)
    await rest(ORDER, signal)
  }
  await looking
  return served
}

async function order(db: Database, job_id: string): Promise<void> {
  const whole = (await listCheckpoints(db, job_id)).filter(
    ({ files_state }) => files_state === 'complete',
  )
  const newest = whole.at(-1)
  if (!newest) return
  const { checkpoint_id } = newest
  await createDeployment(db, { job_id, checkpoint_id, model_name: MODEL })
}

async function lookOn(folder: string, served: Served, signal: AbortSignal): Promise<void> {
  let wasThere = false
  while (!signal.aborted) {
    const isWhole = await isServed(folder)
    wasThere ||= isWhole
    if (wasThere) served.looks++
    if (wasThere && !isWhole) served.broken++
    await rest(LOOK, signal)
  }
}

async function isServed(folder: string): Promise<boolean> {
  try {
    return (await readdir(await realpath(join(folder, 'current')))).length > 0
  } catch {
    return false
  }
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
