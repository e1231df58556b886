import { hasEnded, isSilent, type Patience } from '@bestmark/core'
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { recordAttempts } from '../rows/attempts.ts'
import { changeJob, SENT, type JobChanges, type LockedJob, type Tx } from '../rows/job.ts'
import { type JobRow, trainingJobs } from '../schema.ts'

/** The database's clock now (ms). */
export async function databaseTime(db: Database): Promise<number> {
  const [row] = await db.orm.execute<{ now: number }>(sql`select ${clock} as now`)
  if (!row) throw new Error('The database did not return its time.')
  return row.now
}

interface SilenceOptions {
  patience: Patience
  /** Database time (ms). */
  listening_since: number
}

/** Those of some jobs that were silent for too long, in one query. */
export async function silentJobs(
  db: Database,
  job_ids: readonly string[],
  options: SilenceOptions,
): Promise<string[]> {
  const { job_id, status, last_logged_at, registered_at, cadence } = trainingJobs
  const rows = await db.orm
    .select({ job_id, status, last_logged_at, registered_at, cadence, now: clock })
    .from(trainingJobs)
    .where(sql`${job_id} = any(${sql.param([...job_ids])}::uuid[])`)
  return rows.filter((row) => isSilentNow(row, options)).map((row) => row.job_id)
}

/**
 * Ends the jobs whose journals were sent, and that were silent for too long. They are lost, because no
 * process here can see theirs; the next piece brings them back.
 */
export async function endSilentSent(db: Database, options: SilenceOptions): Promise<void> {
  const { job_id, status, source, deleted_at } = trainingJobs
  const rows = await db.orm
    .select({ job_id })
    .from(trainingJobs)
    .where(
      and(
        eq(source, SENT),
        inArray(status, ['starting', 'running', 'stopping']),
        isNull(deleted_at),
      ),
    )
  const ids = rows.map((row) => row.job_id)
  if (ids.length === 0) return
  for (const silent of await silentJobs(db, ids, options)) await endSilentJob(db, silent, options)
}

/** When and how often a job logged, and the database's clock (ms). */
export type Logged = Pick<JobRow, 'status' | 'last_logged_at' | 'registered_at' | 'cadence'> & {
  now: number
}

/** Whether a job was silent for longer than its cadence allows. */
export function isSilentNow(job: Logged, { patience, listening_since }: SilenceOptions): boolean {
  const { status, cadence, now } = job
  const isActive = status !== 'queued' && status !== 'lost' && !hasEnded(status)
  const last_logged_at = Math.max(job.last_logged_at ?? job.registered_at, listening_since)
  return isActive && isSilent({ last_logged_at, cadence }, now, patience)
}

/**
 * Ends a job that was silent for longer than its cadence allows, counted from `listening_since` or
 * later; returns whether it did. The job is lost, or stopped if `why` gives a reason why nothing can
 * write to it any more. It comes back with its next log line. Throws JobUnknown.
 */
export async function endSilentJob(
  db: Database,
  job_id: string,
  options: SilenceOptions,
  why?: (last_logged_at: number) => string,
): Promise<boolean> {
  return changeJob<boolean>(db, job_id, async (tx, job, revision) => {
    if (!isSilentNow(job, options)) return { answer: false }
    return { set: await silenced(tx, job, revision, why), answer: true }
  })
}

/**
 * Stops a job whose process has ended without a logged end. `why` gives the reason. The job comes
 * back with its next log line. A job that has ended stays as it is. Throws JobUnknown.
 */
export async function endUnseenJob(
  db: Database,
  job_id: string,
  why: (last_logged_at: number) => string,
): Promise<void> {
  await changeJob<void>(db, job_id, async (tx, job, revision) => {
    if (hasEnded(job.status)) return { answer: undefined }
    return { set: await silenced(tx, job, revision, why), answer: undefined }
  })
}

/** What ends a job without a logged end. Its attempt becomes lost, so that the job can come back. */
async function silenced(
  tx: Tx,
  { job_id, attempt, ...job }: LockedJob,
  revision: number,
  why: ((last_logged_at: number) => string) | undefined,
): Promise<JobChanges> {
  const lost = { type: 'ended', attempt, at: null, status: 'lost', error: null } as const
  await recordAttempts(tx, { job_id, revision }, [lost])
  const error = why?.(job.last_logged_at ?? job.registered_at)
  return error === undefined ? { status: 'lost' } : { status: 'stopped', error }
}
