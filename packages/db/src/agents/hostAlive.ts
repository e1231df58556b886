import { sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { isUnsupported } from '../connection/unavailable.ts'
import { hasOpenOrder } from '../deployments/claim.ts'
import { hasOpenCheck } from '../models/checks.ts'
import { hasWaitingRun } from '../recipes/claim.ts'
import { clock } from '../rows/clock.ts'
import { hosts } from '../schema.ts'

/** What waits for the agent of a host. */
interface Waiting {
  has_order: boolean
  has_run: boolean
}

/**
 * Databases whose server refused the one statement: on Citus an insert has no subqueries of
 * distributed tables.
 */
const refused = new WeakSet<Database['orm']>()

/** Records that the agent of a host is alive; returns whether an order, or a run to start, waits for it. */
export async function recordHostAlive(
  db: Database,
  host: { host_id: string; hostname: string },
): Promise<Waiting> {
  const { host_id, hostname } = host
  const has_order = sql<boolean>`(${hasOpenOrder(db, host_id)} or ${hasOpenCheck(db, host_id)})`
  const has_run = sql<boolean>`${hasWaitingRun(db, host_id)}`
  const alive = () =>
    db.orm
      .insert(hosts)
      .values({ ...host, seen_at: clock })
      .onConflictDoUpdate({ target: hosts.host_id, set: { hostname, seen_at: clock } })
  const apart = async (): Promise<Waiting | undefined> => {
    await alive()
    const waiting = sql`select ${has_order} as has_order, ${has_run} as has_run`
    return [...(await db.orm.execute<{ [Key in keyof Waiting]: boolean }>(waiting))][0]
  }
  const together = async (): Promise<Waiting | undefined> => {
    try {
      return (await alive().returning({ has_order, has_run }))[0]
    } catch (error) {
      if (!isUnsupported(error)) throw error
      refused.add(db.orm)
      return apart()
    }
  }
  const row = await (refused.has(db.orm) ? apart() : together())
  return row ?? { has_order: false, has_run: false }
}
