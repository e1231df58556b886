import { sql } from 'drizzle-orm'

/*
 * A board revision is the number of the transaction that wrote a job. Transactions commit in another
 * order than that of their numbers, so a reader does not go on from the highest number it saw: it
 * goes on from the lowest one that may still commit. Neither needs a clock, or one row that all
 * writers would wait for.
 */

/** The board revision that this transaction writes. */
export const thisWrite = sql<number>`pg_current_xact_id()::text::bigint`

/** Whatever has a lower board revision is committed, and seen by the query that asks. */
export const settledRevision = sql<number>`pg_snapshot_xmin(pg_current_snapshot())::text::bigint`

/** No write that the query sees has this board revision or a higher one. */
export const nextRevision = sql<number>`pg_snapshot_xmax(pg_current_snapshot())::text::bigint`
