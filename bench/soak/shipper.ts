import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDeployment, listCheckpoints, type Database } from '@bestmark/db'

/** Milliseconds between two orders, and between two looks at the served folder. */
const [ORDER, LOOK] = [500, 20]
const MODEL = 'soak'

/** What was seen of the served folder while its shippers were killed. */
export interface Served {
  looks: number
  /** How many shipments were served, one after the other. */
  shipments: number
  /** Looks that found `current` leading nowhere, or to a folder without files. */
  broken: number
}

/** Ships a run's newest checkpoint and looks at the served folder, in turn, until the signal aborts. */
export async function shipOn(
  db: Database,
  { job_id, home }: { job_id: string; home: string },
  signal: AbortSignal,
): Promise<Served> {
  const served: Served = { looks: 0, shipments: 0, broken: 0 }
  const looking = lookOn(home, served, signal)
  while (!signal.aborted) {
    // The database may be killed now; the next order finds it again.
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
  await createDeployment(db, { job_id, checkpoint_id, model_name: MODEL, why: 'newest' })
}

async function lookOn(home: string, served: Served, signal: AbortSignal): Promise<void> {
  let latest: string | undefined
  while (!signal.aborted) {
    const serving = await servedIn(home)
    if (serving ?? latest) served.looks++
    if (latest && !serving) served.broken++
    if (serving && serving !== latest) served.shipments++
    latest = serving ?? latest
    await rest(LOOK, signal)
  }
}

/** The served folder; undefined if `current` leads to no folder with files. */
export async function servedIn(home: string): Promise<string | undefined> {
  try {
    const folder = await realpath(join(home, 'models', MODEL, 'current'))
    return (await readdir(folder)).length > 0 ? folder : undefined
  } catch {
    return undefined
  }
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
