import type { Measured } from '../measured.ts'
import { hasEnded } from '../status/states.ts'
import type { JobState } from '../status/status.ts'

/** The facts of a job that alerts compare. */
export interface AlertFacts {
  status: JobState
  attempt: number
  best_checkpoint_id: string | null
  best_step: number | null
  best_metric: Measured
  best_metric_name: string | null
  evaluations_without_improvement: number | null
}

/** What happened to a job since the last check. Times are milliseconds, null if unknown. */
export interface JobNews {
  /** The facts of the last check; null if the job was never checked. */
  before: (AlertFacts & { seen_at: number }) | null
  after: AlertFacts
  registered_at: number
  /** The latest time that the run logged. */
  updated_at: number | null
  /** When the run last logged, by the database's clock. */
  last_logged_at: number | null
  /** Attempts that ended since. */
  ends: { attempt: number; status: JobState; error: string | null; at: number | null }[]
  /** The first value of each metric and attempt since that is not finite. */
  nonFinite: { metric: string; attempt: number; step: number; value: number; at: number | null }[]
  /** The best evaluation, from which evaluations without improvement are counted. */
  best_evaluation: { attempt: number; step: number } | null
  /** What is live of this job. */
  live: {
    deployment_id: string
    model_name: string
    checkpoint_id: string
    step: number | null
    /** It was the best when a person chose it. */
    was_best: boolean
    /** When it went live. */
    at: number | null
  }[]
}

/** How far the clocks of two machines may differ (ms). */
const CLOCK_SKEW = 600_000

/** Whether a time is before another by more than clocks may differ; false if it is unknown. */
export function isBefore(at: number | null, other: number): boolean {
  return at !== null && at < other - CLOCK_SKEW
}

/**
 * Whether the run had ended, by its times, before it was put on the board. Then it gives no alert,
 * even if its import takes long.
 */
export function isOldRun({ updated_at, registered_at }: JobNews): boolean {
  return isBefore(updated_at, registered_at)
}

/** Whether the job went on training since the last look. */
export function wasActive({ before }: JobNews): boolean {
  return before !== null && !hasEnded(before.status)
}
