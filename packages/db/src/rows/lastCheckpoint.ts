import { and, desc, eq, isNull } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { checkpoints } from '../schema.ts'

/**
 * The last checkpoint of a job whose files are complete and its own; undefined if there is none. One
 * without a step may be older than any other, so it counts only where no other one is there.
 */
export async function lastCheckpoint(
  orm: Pick<Orm, 'select'>,
  of_job: string,
): Promise<{ checkpoint_id: string; path: string; step: number | null } | undefined> {
  const { job_id, checkpoint_id, path, step, attempt, files_state, overwritten } = checkpoints
  const [last] = await orm
    .select({ checkpoint_id, path, step })
    .from(checkpoints)
    .where(and(eq(job_id, of_job), eq(files_state, 'complete'), eq(overwritten, false)))
    .orderBy(isNull(step), desc(attempt), desc(step))
    .limit(1)
  return last
}
