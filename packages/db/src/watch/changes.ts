import { and, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { boardNow } from '../rows/boardRevision.ts'
import { trainingJobs } from '../schema.ts'

/** A job that was written. */
interface Change {
  job_id: string
  revision: number
  board_revision: number
}

/** Jobs that were written, by board revision. */
export interface Changes {
  changes: Change[]
  /** No write with a lower board revision can still commit. */
  settled: number
}

/**
 * What was written since a board revision; nothing since null. A revision that this board has not
 * reached, such as another board's, counts as 0: everything was written since.
 */
export async function changesSince(db: Database, since: number | null): Promise<Changes> {
  const { settled, next } = await boardNow(db.orm)
  if (since === null) return { changes: [], settled }
  const { job_id, revision, board_revision } = trainingJobs
  const changes = await db.orm
    .select({ job_id, revision, board_revision })
    .from(trainingJobs)
    .where(and(gte(board_revision, since > next ? 0 : since), lt(board_revision, next)))
    .orderBy(board_revision)
  return { changes, settled }
}

/** One parameter for any number of jobs, so that the server keeps one plan. */
export function isOneOf(job_ids: readonly string[]): SQL {
  return sql`${trainingJobs.job_id} = any(${sql.param(job_ids)}::uuid[])`
}
