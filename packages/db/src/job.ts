import type { TrainingJobStatus } from '@bestmark/core'
import type { Direction, EventOf, JobState } from '@bestmark/core'
import type { Database } from './client.ts'

export interface JobRegistration {
  job_id: string
  host_id: string
  host: string
  /** Absolute path of the run's folder, where it stands now. */
  root: string
  name: string
  project: string
  status: JobState
  source: string
  recipe?: string | null
}

/** One start of a run, as its page shows it. */
export interface Attempt {
  attempt: number
  resumed_from: number | null
  total_steps: number | null
  started_at: number | null
  ended_at: number | null
  status: JobState | null
  error: string | null
}

/** What the status leaves out: how the run was configured, declared, started and seen. */
export interface JobDetail {
  job_id: string
  config: Record<string, unknown>
  tags: string[]
  source: string
  recipe: string | null
  loss_unit: EventOf<'started'>['loss_unit']
  declared_metric: string | null
  declared_direction: Direction | null
  declared_by: string | null
  save_steps: number | null
  attempt: number
  attempts: Attempt[]
  host_id: string
  /** When the agent of the host that holds the files was last heard (ms). */
  host_seen_at: number | null
  stop_requested_at: number | null
  registered_at: number
  changed_at: number
  revision: number
}

export interface LogLine {
  ordinal: number
  attempt: number
  step: number | null
  at: number | null
  level: EventOf<'log'>['level']
  text: string
}

export declare function registerJob(db: Database, job: JobRegistration): Promise<TrainingJobStatus>
export declare function jobStatus(
  db: Database,
  job_id: string,
  now?: number,
): Promise<TrainingJobStatus | undefined>
export declare function jobDetail(db: Database, job_id: string): Promise<JobDetail | undefined>
export declare function jobLogs(
  db: Database,
  job_id: string,
  query?: { level?: LogLine['level'] | undefined; limit?: number | undefined },
): Promise<LogLine[]>
export declare function requestStop(db: Database, job_id: string): Promise<TrainingJobStatus>
