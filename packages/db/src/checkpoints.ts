import type { FilesState, Measured, Selection } from '@bestmark/core'
import type { Database } from './client.ts'

/** A checkpoint as people see it: its files, its evaluation, and how it stands in the selection. */
export interface CheckpointRow {
  checkpoint_id: string
  job_id: string
  attempt: number
  step: number | null
  epoch: number | null
  /** Absolute, where the run's folder stands now. */
  path: string
  /** Relative to the run's folder. */
  name: string
  role: string | null
  files_state: FilesState
  files_why: string | null
  bytes: number | null
  checked_at: number | null
  saved_at: number | null
  /** Its own evaluation; empty where there is none. */
  values: Record<string, Measured>
  /** The nearest earlier training loss of its attempt. */
  train_loss: Measured
  /** Its value in the metric that decides. */
  value: Measured
  is_best: boolean
  /** Why it is not the best, null for the best. */
  why_not: string | null
}

export declare function listCheckpoints(db: Database, job_id: string): Promise<CheckpointRow[]>
export declare function selectionOf(db: Database, job_id: string): Promise<Selection | undefined>
