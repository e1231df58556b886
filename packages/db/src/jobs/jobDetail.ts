import type { FilesUnchecked } from '@bestmark/core'
import { eq } from 'drizzle-orm'
import { type AttemptRow, listAttempts } from '../rows/attempts.ts'
import type { Database } from '../connection/client.ts'
import { isExample } from './examples.ts'
import { type FullDisk, fullDisks } from '../hosts/fullDisks.ts'
import { jobRow } from './jobs.ts'
import { countSamples } from '../samples/sampleList.ts'
import { configOf, SENT } from '../rows/job.ts'
import { hosts, type JobRow } from '../schema.ts'

/** One start of a run, as its page shows it. */
export type Attempt = Omit<AttemptRow, 'job_id' | 'revision'>

/** What the status does not contain: configuration, declaration, attempts and host of the run. */
export interface JobDetail extends Pick<
  JobRow,
  | 'job_id'
  | 'config'
  | 'environment'
  | 'tags'
  | 'source'
  | 'recipe'
  | 'is_stoppable'
  | 'loss_unit'
  | 'declared_metric'
  | 'declared_direction'
  | 'declared_by'
  | 'metric_is_inferred'
  | 'save_steps'
  | 'metric_directions'
  | 'policy_options'
  | 'policy_from'
  | 'attempt'
  | 'host_id'
  | 'stop_requested_at'
  | 'points_removed_at'
  | 'registered_at'
  | 'changed_at'
  | 'revision'
> {
  attempts: Attempt[]
  /** A recorded run that an empty board starts with. */
  is_example: boolean
  /** How many samples the run has. */
  sample_count: number
  /** When the agent of the files' host last reported (ms). */
  host_seen_at: number | null
  /** Why the files of its checkpoints are not checked; null if an agent may check them. */
  files_unchecked: FilesUnchecked | null
  /** Disks of that host that are full, or were a short while ago. */
  full_disks: FullDisk[]
}

/** The details of a job beside its status; undefined if there is no such job. */
export async function jobDetail(db: Database, job_id: string): Promise<JobDetail | undefined> {
  const job = await jobRow(db, job_id)
  if (!job) return undefined
  const rows = await listAttempts(db.orm, job_id)
  const [host] = await db.orm.select().from(hosts).where(eq(hosts.host_id, job.host_id))
  const { environment, tags, source, recipe, save_steps, attempt, host_id } = job
  const { loss_unit, declared_metric, declared_direction, declared_by, metric_is_inferred } = job
  const { metric_directions, policy_options, policy_from } = job
  const { is_stoppable, stop_requested_at, registered_at, changed_at, revision } = job
  const { points_removed_at } = job
  return {
    job_id,
    config: configOf(job),
    ...{ environment, tags, source, recipe, save_steps, attempt, host_id },
    ...{ loss_unit, declared_metric, declared_direction, declared_by, metric_is_inferred },
    ...{ metric_directions, policy_options, policy_from },
    ...{ is_stoppable, stop_requested_at, registered_at, changed_at, revision },
    points_removed_at,
    attempts: rows.map(({ job_id: _job, revision: _revision, ...row }) => row),
    is_example: await isExample(db, job_id),
    sample_count: await countSamples(db, job_id),
    host_seen_at: host?.seen_at ?? null,
    files_unchecked: job.source === SENT ? 'no_agent' : null,
    full_disks: await fullDisks(db, job.host_id),
  }
}
