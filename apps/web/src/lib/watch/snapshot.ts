import type { CheckpointList, Deployment, JobDetail, NamedSeries, SeriesName } from '../api.ts'

/** The most points of a series that are read at once; no chart is wider. */
export const POINTS = 2_000

/** The first page of a job's checkpoints, by rank: as many as the dialogs list. */
export const RANKED = { order: 'rank', limit: 200 } as const

/** The data of a job that the server read for its page. */
export interface JobSnapshot {
  detail: JobDetail
  /** When it was read (ms). */
  read_at: number
  names: SeriesName[]
  series: NamedSeries[]
  /** The first checkpoints by rank, the decision and the status, all of the same moment. */
  decided: CheckpointList
  deployments: Deployment[]
}
