import type { JobState, TrainingJobStatus } from '@bestmark/core'
import type { Database } from './client.ts'

export interface JobQuery {
  status?: readonly JobState[] | undefined
  project?: string | undefined
  /** A part of the name or project, or the beginning of an id. */
  search?: string | undefined
  sort?: 'newest' | 'name' | 'best' | undefined
  cursor?: string | null | undefined
  limit?: number | undefined
}

/** A small curve of eval_loss, at most 60 points. */
export interface Curve {
  steps: Float64Array
  values: Float64Array
}

export interface JobPage {
  jobs: TrainingJobStatus[]
  curves: Record<string, Curve>
  next_cursor: string | null
  /** How many jobs match, on all pages. */
  total: number
}

export declare function listJobs(db: Database, query?: JobQuery): Promise<JobPage>
