import type { JobState, TrainingJobStatus } from '@bestmark/core'
import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { REGISTERED } from '../rows/attempts.ts'
import { thisWrite } from '../rows/boardRevision.ts'
import { clock } from '../rows/clock.ts'
import { noticeToHost } from '../rows/hostNews.ts'
import { changeJob, noticeOf, notify, statusOf, type Tx } from '../rows/job.ts'
import { projectPolicy } from '../rows/projectPolicy.ts'
import { hosts, type JobRow, trainingJobs } from '../schema.ts'
import { reselect } from '../selection/selection.ts'
import { existing, JobDeleted, JobMoved } from '../values/refused.ts'
import { isSameFolder, jobRow, jobStatus } from './jobs.ts'

/** A host whose agent was silent for this long does not keep its jobs (ms). */
const HOST_AWAY = 60_000

export interface JobRegistration {
  job_id: string
  host_id: string
  host: string
  /** Absolute path of the run's folder, where it is now. */
  root: string
  /** Identifies the folder after it was moved; the stored value stays if left out. */
  folder_id?: string | null
  name: string
  project: string
  /** Its first state; later states come from its events. */
  status: JobState
  source: string
  recipe?: string | null
  /** Whether Bestmark starts it and can stop it; the stored value stays if left out. */
  is_stoppable?: boolean
  /** A person asks for the job, so one that was deleted comes back. */
  restore?: boolean | undefined
  /** The job must already be of this root. */
  keeps_root?: boolean
  /** The caller just saw that it is not on the board. */
  is_new?: boolean
}

/**
 * Adds a job to the board, under its project's policy. Registering it again updates a moved folder or a
 * renamed host. It does not change what a person set or the run logged.
 * Throws JobDeleted if a person deleted the job and nobody restores it, and JobMoved if it must keep
 * its root but has another one.
 */
export async function registerJob(db: Database, job: JobRegistration): Promise<TrainingJobStatus> {
  const { job_id } = job
  const stored = job.is_new ? undefined : await jobRow(db, job_id)
  // Recorders register a job again and again; most times nothing changes.
  if (stored && stored.deleted_at === null && isAsRegistered(stored, job)) return statusOf(stored)
  const made = stored ? undefined : await addJob(db, job)
  if (made) return statusOf(made)
  await changeJob(db, job_id, (tx, row) => registeredAgain(tx, row, job))
  return existing(job_id, await jobStatus(db, job_id))
}

/** Where a recorder found the run of a job, and what reads it there. */
export type JobPlace = Pick<
  JobRegistration,
  'job_id' | 'host_id' | 'root' | 'folder_id' | 'source' | 'is_stoppable'
>

/**
 * Notes what reads a job's run, and whether it can be stopped. The job must be of this root.
 * Throws JobUnknown, JobMoved and JobDeleted.
 */
export async function placeJob(db: Database, place: JobPlace): Promise<void> {
  const { job_id } = place
  const stored = existing(job_id, await jobRow(db, job_id))
  const { name, project, status, host } = stored
  const job = { ...place, name, project, status, host, keeps_root: true }
  if (stored.deleted_at === null && isAsRegistered(stored, job)) return
  await changeJob(db, job_id, (tx, row) => registeredAgain(tx, row, job))
}

/** Undefined if the job is on the board already. */
async function addJob(db: Database, job: JobRegistration): Promise<JobRow | undefined> {
  const { root: output_dir, recipe = null } = job
  const times = { registered_at: clock, changed_at: clock, board_revision: thisWrite }
  return db.orm.transaction(async (tx) => {
    const policy = await projectPolicy(tx, job.project)
    const row = { ...job, ...policy, output_dir, recipe, revision: REGISTERED, ...times }
    const rows = await tx.insert(trainingJobs).values(row).onConflictDoNothing().returning()
    if (rows.length > 0) {
      const news = noticeToHost(job.host_id, { kind: 'job', job_id: job.job_id })
      await notify(tx, [noticeOf(job.job_id, REGISTERED), news])
    }
    return rows[0]
  })
}

async function registeredAgain(tx: Tx, stored: JobRow, job: JobRegistration) {
  if (stored.deleted_at !== null && !job.restore) throw new JobDeleted(stored)
  const isSameRoot = stored.output_dir === job.root
  if (job.keeps_root && !isSameRoot) throw new JobMoved(stored)
  if (stored.deleted_at === null && isAsRegistered(stored, job)) return { answer: undefined }
  const moved = placeOf(stored, { ...job, ...(await keptHost(tx, stored, job)) })
  if (isStored(stored, moved) && stored.deleted_at === null) return { answer: undefined }
  if (!isSameRoot) await reselect(tx, { ...stored, ...moved })
  return { set: { ...moved, deleted_at: null }, answer: undefined }
}

/**
 * The host of a run on a shared disk stays while its agent works, so that hosts that find the run do
 * not take it from each other. The host that starts its program takes it.
 */
async function keptHost(tx: Tx, { host_id, host, output_dir }: JobRow, job: JobRegistration) {
  if (job.host_id === host_id || output_dir !== job.root || job.is_stoppable) return {}
  const isAlive = sql`${hosts.seen_at} > ${clock} - ${HOST_AWAY}`
  const works = await tx.$count(hosts, and(eq(hosts.host_id, host_id), isAlive))
  return works > 0 ? { host_id, host } : {}
}

/** What registering a job again changes of it. */
function placeOf(stored: JobRow, { root, host_id, host, source, ...job }: JobRegistration) {
  const isSame = isSameFolder(job.folder_id ?? null, stored.folder_id)
  const folder_id = isSame ? stored.folder_id : (job.folder_id ?? stored.folder_id)
  const is_stoppable = job.is_stoppable ?? stored.is_stoppable
  return { output_dir: root, folder_id, host_id, host, source, is_stoppable }
}

function isAsRegistered(stored: JobRow, job: JobRegistration): boolean {
  return isStored(stored, placeOf(stored, job))
}

function isStored(stored: JobRow, place: ReturnType<typeof placeOf>): boolean {
  return Object.entries(place).every(([key, value]) => stored[key as keyof JobRow] === value)
}
