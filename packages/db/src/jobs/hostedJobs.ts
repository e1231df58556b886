import type { JobState } from '@bestmark/core'
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { type JobRow, trainingJobs } from '../schema.ts'

const { job_id, output_dir: root, host_id, status, source, recipe } = trainingJobs
const { revision, checkpoints_revision, changed_at } = trainingJobs
const { last_logged_at, registered_at, cadence } = trainingJobs
const FACE = {
  ...{
    job_id,
    root,
    status,
    source,
    recipe,
    attempt: trainingJobs.attempt,
    revision,
    checkpoints_revision,
    changed_at,
  },
  ...{ last_logged_at, registered_at, cadence, now: clock },
}

/** A job as the agent of its host needs it. */
export type HostedJob = Pick<JobRow, Exclude<keyof typeof FACE, 'root' | 'now'>> & {
  /** Absolute path of the run's folder. */
  root: string
  /** The database's clock when the job was read (ms). */
  now: number
}

/** Which jobs of a host are read. */
interface Wanted {
  states?: readonly JobState[]
  job_ids?: readonly string[]
}

/** The jobs whose files are on a host, without deleted ones, oldest first. */
export async function hostedJobs(
  db: Database,
  host: string,
  { states, job_ids }: Wanted = {},
): Promise<HostedJob[]> {
  return db.orm
    .select(FACE)
    .from(trainingJobs)
    .where(
      and(
        eq(host_id, host),
        isNull(trainingJobs.deleted_at),
        states && inArray(status, [...states]),
        job_ids && sql`${job_id} = any(${sql.param([...job_ids])}::uuid[])`,
      ),
    )
    .orderBy(registered_at)
}
