import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../rows/job.ts'
import { checkpoints } from '../schema.ts'

/** What people see of a checkpoint's files, beside what decides. */
export type CheckpointFace = Pick<
  typeof checkpoints.$inferSelect,
  'checkpoint_id' | 'role' | 'bytes' | 'checked_at' | 'saved_at' | 'kind' | 'base' | 'digest'
>

/** The faces of some checkpoints of a job, or of all, by id. */
export async function checkpointFaces(
  tx: Tx,
  of_job: string,
  some?: readonly { checkpoint_id: string }[],
): Promise<Map<string, CheckpointFace>> {
  const { job_id, checkpoint_id, role, bytes, checked_at, saved_at } = checkpoints
  const { kind, base, digest } = checkpoints
  const ids = some?.map((row) => row.checkpoint_id)
  const rows = await tx
    .select({ checkpoint_id, role, bytes, checked_at, saved_at, kind, base, digest })
    .from(checkpoints)
    .where(and(eq(job_id, of_job), ids && sql`${checkpoint_id} = any(${sql.param(ids)}::uuid[])`))
  return new Map(rows.map((row) => [row.checkpoint_id, row]))
}
