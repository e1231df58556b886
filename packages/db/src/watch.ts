import type { TrainingJobStatus } from '@bestmark/core'
import type { Database } from './client.ts'
import type { Deployment } from './deployments.ts'
import type { SeriesDelta } from './deltas.ts'

/** What changed of a job since the reader's revision. */
export interface Delta {
  job_id: string
  revision: number
  status: TrainingJobStatus
  series: SeriesDelta[]
  /** Checkpoints, evaluations or the selection changed: list the checkpoints again. */
  checkpoints: boolean
  deployments: Deployment[]
  /** Log lines were added. */
  logs: boolean
}

export interface WatchQuery {
  /** Jobs and the revision known of each; 0 brings the present state first. */
  jobs: readonly { job_id: string; revision: number }[] | { changed_since: number }
  series?:
    | { job_id: string; names: readonly string[]; ordinals: Readonly<Record<string, number>> }
    | undefined
}

export declare function watch(
  db: Database,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncIterable<Delta>
