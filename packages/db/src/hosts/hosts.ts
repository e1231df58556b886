import { desc } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { hosts as hostTable } from '../schema.ts'

export type Host = typeof hostTable.$inferSelect

/** Records that the agent of a host is alive. */
export async function recordHostAlive(
  db: Database,
  host: { host_id: string; hostname: string },
): Promise<void> {
  const { hostname } = host
  await db.orm
    .insert(hostTable)
    .values({ ...host, seen_at: clock })
    .onConflictDoUpdate({ target: hostTable.host_id, set: { hostname, seen_at: clock } })
}

/** Every host whose agent ever reported, the latest first. */
export async function hosts(db: Database): Promise<Host[]> {
  return db.orm.select().from(hostTable).orderBy(desc(hostTable.seen_at))
}
