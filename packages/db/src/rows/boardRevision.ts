import { sql } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'

/*
 * A board revision is the number of the transaction that wrote a job. Transactions may commit in
 * another order than their numbers. So a reader continues from the lowest number that may still
 * commit, not from the highest that it saw. This needs no clock, and no shared row that all writers
 * wait for.
 */

/** The board revision that this transaction writes. */
export const thisWrite = sql<number>`pg_current_xact_id()::text::bigint`

// The two below are queries of their own: in a query of jobs that are on another server, that server
// would return its own numbers.

/** All writes with a lower board revision are committed and visible to this query. */
export const settledRevision = sql<number>`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`

/** No write that this query sees has this board revision or a higher one. */
const nextRevision = sql<number>`pg_snapshot_xmax(pg_current_snapshot())::text::bigint`

/** Where a reader stands now. It reads this first, and the jobs afterwards. */
export interface BoardNow {
  /** No write with a lower board revision can still commit, and all of them are visible. */
  settled: number
  /** No write that is visible now has this board revision or a higher one. */
  next: number
}

/** Where a reader stands now. */
export async function boardNow(orm: Pick<Orm, 'execute'>): Promise<BoardNow> {
  const [now] = await orm.execute<{ settled: number; next: number }>(
    sql`select ${settledRevision} as settled, ${nextRevision} as next`,
  )
  if (!now) throw new Error('The database did not return its revisions.')
  return now
}
