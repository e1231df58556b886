import { RESTORABLE_DAYS } from '@bestmark/core'
import { and, eq, exists, or, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { forgetRun } from '../record/forget.ts'
import { clock } from '../rows/clock.ts'
import { changeJob } from '../rows/job.ts'
import { attempts, samples, sources, trainingJobs } from '../schema.ts'
import { reselect } from '../selection/selection.ts'

const RESTORABLE_MS = RESTORABLE_DAYS * 24 * 3_600_000

/** A job that was deleted so short a time ago that all of it is still recorded. */
export const isRestorable = sql`${trainingJobs.deleted_at} > ${clock} - ${RESTORABLE_MS}`

/**
 * Frees what was recorded of jobs whose deletion is older than RESTORABLE_DAYS; returns how many.
 * Their rows stay, so that their files are not taken for new runs. Shipped checkpoints stay too.
 */
export async function purgeDeletedJobs(db: Database): Promise<number> {
  const { job_id, deleted_at } = trainingJobs
  const isOld = sql`${deleted_at} <= ${clock} - ${RESTORABLE_MS}`
  const one = { one: sql`1` }
  const isRecorded = or(
    exists(db.orm.select(one).from(sources).where(eq(sources.job_id, job_id))),
    exists(db.orm.select(one).from(attempts).where(eq(attempts.job_id, job_id))),
  )
  const old = await db.orm.select({ job_id }).from(trainingJobs).where(and(isOld, isRecorded))
  for (const { job_id } of old) await purgeJob(db, job_id)
  return old.length
}

async function purgeJob(db: Database, job_id: string): Promise<void> {
  await changeJob(db, job_id, async (tx, job, revision) => {
    if (job.deleted_at === null) return { answer: undefined }
    const forgotten = await forgetRun(tx, job, revision)
    await tx.delete(samples).where(eq(samples.job_id, job_id))
    // With its cursors gone, a restored job is read from its files again.
    await tx.delete(sources).where(eq(sources.job_id, job_id))
    await reselect(tx, { ...job, ...forgotten })
    return { set: forgotten, answer: undefined }
  })
}
