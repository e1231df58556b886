import { desc } from 'drizzle-orm'
import type { Database } from './client.ts'
import { clock } from '../rows/clock.ts'
import { board, claims, hosts as hostTable } from '../schema.ts'

/** The id of this board, made with its first migration. */
export async function boardId(db: Database): Promise<string> {
  const [row] = await db.orm.select().from(board)
  if (!row) throw new Error('The database has no board row; it was not migrated.')
  return row.board_id
}

/** True for exactly one caller ever: the one that may do what `key` names. */
export async function claimOnce(db: Database, key: string): Promise<boolean> {
  const made = await db.orm
    .insert(claims)
    .values({ key, claimed_at: clock })
    .onConflictDoNothing()
    .returning()
  return made.length === 1
}

export type Host = typeof hostTable.$inferSelect

/** Notes that the agent of a host is alive. */
export async function seeHost(
  db: Database,
  host: { host_id: string; hostname: string },
): Promise<void> {
  const { hostname } = host
  await db.orm
    .insert(hostTable)
    .values({ ...host, seen_at: clock })
    .onConflictDoUpdate({ target: hostTable.host_id, set: { hostname, seen_at: clock } })
}

/** Every host that was ever heard, the latest first. */
export async function hosts(db: Database): Promise<Host[]> {
  return db.orm.select().from(hostTable).orderBy(desc(hostTable.seen_at))
}
