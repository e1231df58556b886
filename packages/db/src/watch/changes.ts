import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { nextRevision, settledRevision } from '../rows/boardRevision.ts'
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
  const from = since === null ? nextRevision : sql`${since}::bigint`
  const rows = await db.orm.execute<{ settled: number; next: number } & Nullable<Change>>(sql`
    select ${settledRevision} as settled, ${nextRevision} as next, job_id, revision, board_revision
    from (values (1)) as one
    left join training_jobs on board_revision >= ${from} and board_revision < ${nextRevision}
    order by board_revision`)
  const { settled = 0, next = 0 } = rows[0] ?? {}
  if (since !== null && since > next) return changesSince(db, 0)
  return { changes: rows.flatMap(changeOf), settled }
}

type Nullable<T> = { [Key in keyof T]: T[Key] | null }

function changeOf({ job_id, revision, board_revision }: Nullable<Change>): Change[] {
  if (job_id === null || revision === null || board_revision === null) return []
  return [{ job_id, revision, board_revision }]
}

/** One parameter for any number of jobs, so that the server keeps one plan. */
export function isOneOf(job_ids: readonly string[]): SQL {
  return sql`${trainingJobs.job_id} = any(${sql.param(job_ids)}::uuid[])`
}
