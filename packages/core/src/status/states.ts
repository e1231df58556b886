/** States of a job. `lost`: its host or folder cannot be reached; it is never shown as failed. */
export const JOB_STATES = [
  'queued',
  'starting',
  'running',
  'stopping',
  'completed',
  'failed',
  'stopped',
  'lost',
] as const

type JobState = (typeof JOB_STATES)[number]

/** How the best checkpoint is chosen; its options are `PolicyOptions`. */
export const POLICIES = [
  'as_declared',
  'lowest_eval_loss',
  'metric',
  'within_noise',
  'scored',
] as const

/**
 * Which states may follow a state. A further attempt makes an ended job starting or running again.
 */
const FOLLOWERS: Record<JobState, readonly JobState[]> = {
  queued: ['starting', 'running', 'stopping', 'stopped', 'failed'],
  starting: ['running', 'stopping', 'stopped', 'completed', 'failed', 'lost'],
  running: ['stopping', 'completed', 'failed', 'stopped', 'lost'],
  stopping: ['stopped', 'completed', 'failed', 'lost'],
  completed: ['starting', 'running'],
  failed: ['starting', 'running'],
  stopped: ['starting', 'running'],
  lost: ['starting', 'running', 'stopping', 'completed', 'failed', 'stopped'],
}

/** Whether a job may change from one state to another; it may always keep its state. */
export function mayFollow(from: JobState, to: JobState): boolean {
  return from === to || FOLLOWERS[from].includes(to)
}

/** Whether a job in this state has ended. A lost job has not: it may come back. */
export function hasEnded(status: JobState): boolean {
  return status === 'completed' || status === 'failed' || status === 'stopped'
}

/** Whether a job in this state may still train. */
export function isActive(status: JobState): boolean {
  return status === 'starting' || status === 'running' || status === 'stopping'
}

/** A deleted job can be restored with all that was recorded of it for this many days. */
export const RESTORABLE_DAYS = 30
