import { sql } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { checkpoints } from '../schema.ts'

/** A checkpoint with the columns that a decision needs. */
export type StoredCheckpoint = Pick<
  typeof checkpoints.$inferSelect,
  | 'job_id'
  | 'checkpoint_id'
  | 'attempt'
  | 'step'
  | 'path'
  | 'epoch'
  | 'files_state'
  | 'files_why'
  | 'pinned'
>

/** The checkpoints of some jobs, by job, in order of step. They are read without Drizzle, which takes longer. */
export async function checkpointRows(
  orm: Pick<Orm, 'execute'>,
  job_ids: readonly string[],
): Promise<Map<string, StoredCheckpoint[]>> {
  if (job_ids.length === 0) return new Map()
  const rows = await orm.execute(sql`
    select job_id, checkpoint_id, attempt, step::float8 as step, path, epoch, files_state, files_why,
      pinned
    from ${checkpoints} where job_id = any(${sql.param([...job_ids])}::uuid[])
    order by job_id, checkpoints.step nulls last, attempt, arrival`)
  // The columns are those of the type.
  return Map.groupBy(rows as unknown as StoredCheckpoint[], ({ job_id }) => job_id)
}
