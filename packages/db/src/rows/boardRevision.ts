import { sql } from 'drizzle-orm'

/*
 * A board revision is the number of the transaction that wrote a job. Transactions may commit in
 * another order than their numbers. So a reader continues from the lowest number that may still
 * commit, not from the highest that it saw. This needs no clock, and no shared row that all writers
 * wait for.
 */

/** The board revision that this transaction writes. */
export const thisWrite = sql<number>`pg_current_xact_id()::text::bigint`

/** All writes with a lower board revision are committed and visible to this query. */
export const settledRevision = sql<number>`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`

/** No write that this query sees has this board revision or a higher one. */
export const nextRevision = sql<number>`pg_snapshot_xmax(pg_current_snapshot())::text::bigint`
