import type {
  CheckpointList,
  Deployment,
  JobDetail,
  LogLine,
  NamedSeries,
  SeriesName,
} from '../api.ts'

/** The most points of a series that are read at once; no chart is wider. */
export const POINTS = 2_000

/** The samples that are read of a job. */
export const SAMPLES = { level: 'sample', limit: 500 } as const

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
  /** Samples of the model's output, oldest first. */
  samples: LogLine[]
}
