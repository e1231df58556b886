import { mayFollow, type TrainingJobStatus } from '@bestmark/core'
import { and, desc, eq, isNull, like, ne, or, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { changeJob, statusOf } from '../rows/job.ts'
import { existing, JobUnknown, Refused } from '../values/refused.ts'
import { type JobRow, trainingJobs } from '../schema.ts'
import { storable } from '../values/storable.ts'

/** Renames a job. Throws JobUnknown. */
export async function renameJob(db: Database, job_id: string, name: string): Promise<void> {
  await changeJob(db, job_id, async () => ({ set: { name }, answer: undefined }))
}

/**
 * A job's status, with time-dependent fields computed for `now` (ms); undefined if there is no such
 * job.
 */
export async function jobStatus(
  db: Database,
  job_id: string,
  now?: number,
): Promise<TrainingJobStatus | undefined> {
  const row = await jobRow(db, job_id)
  return row && statusOf(row, now)
}

/** A job's status with its host, and what identifies its last write. */
export type HostedStatus = TrainingJobStatus & Pick<JobRow, 'host_id' | 'revision' | 'changed_at'>

/** The statuses of jobs, by id, in one query; missing jobs are left out. */
export async function jobStatuses(
  db: Database,
  job_ids: readonly string[],
): Promise<Map<string, HostedStatus>> {
  const ids = sql`any(${sql.param([...job_ids])}::uuid[])`
  const rows = await db.orm
    .select()
    .from(trainingJobs)
    .where(sql`${trainingJobs.job_id} = ${ids}`)
  return new Map(
    rows.map((row) => {
      const { job_id, host_id, revision, changed_at } = row
      return [job_id, { ...statusOf(row), host_id, revision, changed_at }]
    }),
  )
}

/** A job's row. Every page and delta runs this query, so it is prepared. */
export async function jobRow(db: Database, job_id: string): Promise<JobRow | undefined> {
  const [row] = await rowQuery(db).execute({ job_id })
  return row
}

const prepared = new WeakMap<Database['orm'], ReturnType<typeof prepareRow>>()

function rowQuery({ orm }: Database): ReturnType<typeof prepareRow> {
  const query = prepared.get(orm) ?? prepareRow(orm)
  prepared.set(orm, query)
  return query
}

function prepareRow(orm: Database['orm']) {
  return orm
    .select()
    .from(trainingJobs)
    .where(eq(trainingJobs.job_id, sql.placeholder('job_id')))
    .prepare('job_row')
}

/** The jobs, without deleted ones, that a text may mean: an id, otherwise a name, otherwise the beginning of an id. */
export async function findJobs(db: Database, text: string): Promise<TrainingJobStatus[]> {
  const id = text.toLowerCase()
  // The server that has the job answers this also while another is away.
  const exact = WHOLE_ID.test(id) ? await jobRow(db, id) : undefined
  if (exact?.deleted_at === null) return [statusOf(exact)]
  const rows = await db.orm
    .select()
    .from(trainingJobs)
    .where(
      and(
        isNull(trainingJobs.deleted_at),
        or(
          eq(trainingJobs.name, text),
          /^[0-9a-f-]+$/.test(id) ? like(sql`${trainingJobs.job_id}::text`, `${id}%`) : undefined,
        ),
      ),
    )
    .orderBy(trainingJobs.job_id)
    .limit(50)
  const named = rows.filter((row) => row.name === text)
  return (named.length > 0 ? named : rows).map((row) => statusOf(row))
}

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The job with this id, name, or beginning of an id. Throws JobUnknown, and Refused if several jobs
 * match.
 */
export async function namedJob(db: Database, text: string): Promise<TrainingJobStatus> {
  const [job, ...others] = await findJobs(db, text)
  if (!job) throw new JobUnknown(text)
  if (others.length === 0) return job
  const matches = [job, ...others].map(({ job_id, name }) => `${job_id} (${name})`)
  throw new Refused(`"${text}" matches several jobs: ${matches.join(', ')}. Write more of the id.`)
}

/**
 * Requests that a job be stopped, by the agent of its host or by its starter. A second request
 * changes nothing. Throws JobUnknown, and Refused if the job has ended or was not started by
 * Bestmark.
 */
export async function requestStop(db: Database, job_id: string): Promise<TrainingJobStatus> {
  await changeJob(db, job_id, async (_tx, job) => {
    // A run that was stopped may train again in the same attempt.
    if (job.status === 'stopping') return { answer: undefined }
    if (!mayFollow(job.status, 'stopping')) {
      throw new Refused(`${job.name} is ${job.status}, so there is nothing to stop.`)
    }
    if (!job.is_stoppable) {
      const why = 'was not started by Bestmark, so it cannot be stopped from here'
      throw new Refused(`${job.name} ${why}. Stop it on ${job.host}, where it runs.`)
    }
    return { set: { status: 'stopping', stop_requested_at: job.now }, answer: undefined }
  })
  return existing(job_id, await jobStatus(db, job_id))
}

/**
 * Stores whether somebody can stop a job that Bestmark did not start, such as by its Slurm job. Throws
 * JobUnknown.
 */
export async function offerStop(
  db: Database,
  job_id: string,
  is_stoppable: boolean,
): Promise<void> {
  await changeJob(db, job_id, async (_tx, job) =>
    job.is_stoppable === is_stoppable
      ? { answer: undefined }
      : { set: { is_stoppable }, answer: undefined },
  )
}

/** A job as its folder identifies it. */
export type JobOfFolder = Pick<
  JobRow,
  'job_id' | 'status' | 'source' | 'folder_id' | 'registered_at'
> & {
  /** Absolute path of the run's folder, where it was last. */
  root: string
}

/** The folder of a job, and the other jobs of its host with the same path, now or earlier. */
export async function folderOfJob(
  db: Database,
  job_id: string,
): Promise<(JobOfFolder & { others: JobOfFolder[] }) | undefined> {
  const row = await jobRow(db, job_id)
  if (!row) return undefined
  const found = await jobsOfFolder(db, row.host_id, { root: row.output_dir, folder_id: null })
  const { status, source, folder_id, registered_at, output_dir: root } = row
  const others = found.filter((job) => job.job_id !== job_id)
  return { job_id, status, source, folder_id, registered_at, root, others }
}

/**
 * The jobs of a host with this folder path, now or earlier, or with this folder id, newest first.
 */
export async function jobsOfFolder(
  db: Database,
  host_id: string,
  { root, folder_id }: { root: string; folder_id: string | null },
): Promise<JobOfFolder[]> {
  const { job_id, status, source, registered_at, output_dir: stands } = trainingJobs
  const stored = { job_id, status, source, registered_at, folder_id: trainingJobs.folder_id }
  const byId = folder_id === null ? undefined : eq(trainingJobs.folder_id, folder_id)
  return db.orm
    .select({ ...stored, root: stands })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.host_id, host_id), or(eq(stands, storable(root)), byId)))
    .orderBy(desc(trainingJobs.registered_at), trainingJobs.job_id)
}

/** The jobs of other hosts with this folder path, which may be on a shared disk; newest first. */
export async function jobsOfOtherHosts(
  db: Database,
  host_id: string,
  root: string,
): Promise<JobOfFolder[]> {
  const { job_id, status, source, registered_at, output_dir, folder_id } = trainingJobs
  return db.orm
    .select({ job_id, status, source, registered_at, folder_id, root: output_dir })
    .from(trainingJobs)
    .where(and(ne(trainingJobs.host_id, host_id), eq(output_dir, storable(root))))
    .orderBy(desc(registered_at), job_id)
}

/** Whether two folder ids are of one folder. Each host gives a shared disk a number of its own. */
export function isSameFolder(one: string | null, other: string | null): boolean {
  const onDisk = (id: string | null): string | undefined => id?.split(':').slice(1).join(':')
  return one !== null && onDisk(one) === onDisk(other)
}
