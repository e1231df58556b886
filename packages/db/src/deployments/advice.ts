import { type ServedFiles, type ServingAdvice, servingAdvice } from '@bestmark/core'
import { eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { type StoredFiles, currentFiles } from '../jobs/files.ts'
import { trainingJobs } from '../schema.ts'
import { absolutePath } from '../values/root.ts'

/** What can be shipped of a checkpoint, and what is missing to serve it. */
export interface ShippingAdvice extends ServingAdvice {
  /** The sizes of both contents (bytes); null if unknown. */
  bytes: { serving: number | null; whole: number | null }
}

/** Advice for shipping a checkpoint; undefined if the job has no such files. */
export async function shippingAdvice(
  db: Database,
  job_id: string,
  checkpoint_id: string,
): Promise<ShippingAdvice | undefined> {
  const [job] = await db.orm
    .select({ root: trainingJobs.output_dir })
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, job_id))
  if (!job) return undefined
  const files = await currentFiles(db, job_id)
  const one = files.find((row) => row.checkpoint_id === checkpoint_id)
  if (!one) return undefined
  const complete = files.filter((row) => row.files_state === 'complete')
  const others = complete.map((row) => servedFiles(job.root, row))
  const bytes = { serving: one.serving?.bytes ?? null, whole: one.bytes }
  return { ...servingAdvice(servedFiles(job.root, one), others), bytes }
}

function servedFiles(root: string, { path, kind, base, serving }: StoredFiles): ServedFiles {
  return { path, absolute_path: absolutePath(root, path), kind, base, serving }
}
