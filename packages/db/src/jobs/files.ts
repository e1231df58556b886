import {
  and,
  asc,
  desc,
  eq,
  inArray,
  isNotNull,
  isNull,
  notInArray,
  notLike,
  sql,
} from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { changeJob } from '../rows/job.ts'
import { Refused } from '../values/refused.ts'
import { checkpoints, deployments, trainingJobs } from '../schema.ts'

/** The files of a checkpoint, as they were last inspected. */
export type StoredFiles = Pick<
  typeof checkpoints.$inferSelect,
  | 'checkpoint_id'
  | 'attempt'
  | 'step'
  | 'path'
  | 'files_state'
  | 'files_why'
  | 'files_fault'
  | 'bytes'
  | 'kind'
  | 'base'
  | 'serving'
  | 'signature'
  | 'digest'
  | 'pinned'
>

const { checkpoint_id, attempt, step, path } = checkpoints
const { files_state, files_why, files_fault } = checkpoints
const { bytes, kind, base, serving, signature, digest, pinned } = checkpoints
const STORED_FILES = {
  ...{ checkpoint_id, attempt, step, path },
  ...{ files_state, files_why, files_fault },
  ...{ bytes, kind, base, serving, signature, digest, pinned },
}

/** The latest checkpoint at each path of a job, whether or not its files are there. */
export async function currentFiles(db: Database, job_id: string): Promise<StoredFiles[]> {
  return db.orm
    .select(STORED_FILES)
    .from(checkpoints)
    .where(and(eq(checkpoints.job_id, job_id), eq(checkpoints.overwritten, false)))
    .orderBy(sql`${step} nulls last`, asc(attempt), asc(path))
}

/** Complete files without a digest. */
export interface UndigestedFiles extends StoredFiles {
  job_id: string
  /** Absolute path of the run's folder. */
  root: string
}

/**
 * Checkpoints of a host that were inspected and have no digest: the best of each job first, then
 * the newest. Those in an object store are left out, because they would be downloaded for it.
 */
export async function undigestedFiles(
  db: Database,
  host_id: string,
  limit: number,
): Promise<UndigestedFiles[]> {
  const { job_id, output_dir: root, best_checkpoint_id } = trainingJobs
  const isBest = sql`${checkpoint_id} is not distinct from ${best_checkpoint_id}`
  const isLookedAt = and(isNull(digest), isNotNull(signature))
  const isFile = notLike(path, '%://%')
  const whole = and(
    isLookedAt,
    isFile,
    eq(files_state, 'complete'),
    eq(checkpoints.overwritten, false),
  )
  return db.orm
    .select({ ...STORED_FILES, job_id, root })
    .from(checkpoints)
    .innerJoin(trainingJobs, eq(trainingJobs.job_id, checkpoints.job_id))
    .where(and(whole, eq(trainingJobs.host_id, host_id), isNull(trainingJobs.deleted_at)))
    .orderBy(desc(isBest), sql`${step} desc nulls last`)
    .limit(limit)
}

/** Checkpoints of a job that were shipped or will be. */
export async function shippedCheckpoints(db: Database, job_id: string): Promise<Set<string>> {
  const rows = await db.orm
    .selectDistinct({ checkpoint_id: deployments.checkpoint_id })
    .from(deployments)
    .where(
      and(eq(deployments.job_id, job_id), notInArray(deployments.status, ['failed', 'withdrawn'])),
    )
  return new Set(rows.map((row) => row.checkpoint_id))
}

/**
 * Marks checkpoints as kept, or no longer kept. Throws JobUnknown, and Refused for a checkpoint of
 * another job.
 */
export async function pinCheckpoints(
  db: Database,
  job_id: string,
  { checkpoint_ids, pinned }: { checkpoint_ids: readonly string[]; pinned: boolean },
): Promise<void> {
  await changeJob(db, job_id, async (tx, _job, revision) => {
    const these = inArray(checkpoint_id, [...checkpoint_ids])
    const rows = await tx
      .update(checkpoints)
      .set({ pinned, revision })
      .where(and(eq(checkpoints.job_id, job_id), these))
      .returning({ checkpoint_id })
    const ids = new Set(rows.map((row) => row.checkpoint_id))
    const unknown = checkpoint_ids.find((id) => !ids.has(id))
    if (unknown !== undefined) throw new Refused(`This job has no checkpoint ${unknown}.`)
    return { set: { checkpoints_revision: revision }, answer: undefined }
  })
}
