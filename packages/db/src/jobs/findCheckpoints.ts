import { and, eq, isNull, like, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { absolutePath } from '../values/root.ts'
import { checkpoints, trainingJobs } from '../schema.ts'

/** A checkpoint as an id names it. */
export interface NamedCheckpoint {
  checkpoint_id: string
  job_id: string
  host_id: string
  host: string
  /** Its present absolute path. */
  absolute_path: string
}

/**
 * The checkpoints whose id begins with a text, at most 50; none if the text cannot be part of an
 * id.
 */
export async function findCheckpoints(db: Database, text: string): Promise<NamedCheckpoint[]> {
  const id = text.toLowerCase()
  if (!/^[0-9a-f-]+$/.test(id)) return []
  const { job_id, checkpoint_id, path } = checkpoints
  const { host_id, host, output_dir, deleted_at } = trainingJobs
  const rows = await db.orm
    .select({ checkpoint_id, job_id, host_id, host, output_dir, path })
    .from(checkpoints)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, job_id))
    .where(and(isNull(deleted_at), like(sql`${checkpoint_id}::text`, `${id}%`)))
    .orderBy(checkpoint_id)
    .limit(50)
  return rows.map(({ output_dir, path, ...row }) => ({
    ...row,
    absolute_path: absolutePath(output_dir, path),
  }))
}
