import { desc } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { hosts as hostTable } from '../schema.ts'

export type Host = typeof hostTable.$inferSelect

/** Every host whose agent ever reported, the latest first. */
export async function hosts(db: Database): Promise<Host[]> {
  return db.orm.select().from(hostTable).orderBy(desc(hostTable.seen_at))
}
