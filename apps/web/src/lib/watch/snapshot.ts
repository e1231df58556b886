import type { CheckpointList, Deployment, JobDetail, NamedSeries, SeriesName } from '../api.ts'
import type { JobLogs } from './jobLogs.ts'

/** The most points of a series that are read at once; no chart is wider. */
export const POINTS = 2_000

/** What the server read of a job for its page. */
export interface JobSnapshot {
  detail: JobDetail
  /** When it was read (ms). */
  read_at: number
  names: SeriesName[]
  series: NamedSeries[]
  /** The checkpoints, the decision over them, and the job's status, all of one moment. */
  decided: CheckpointList
  deployments: Deployment[]
  logs: JobLogs
}
