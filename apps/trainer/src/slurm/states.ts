import type { EndCode } from '@bestmark/core'

/** The final states of Slurm that say why it ended a job. */
export const BY_STATE = new Map<string, EndCode>([
  ['TIMEOUT', 'time_limit'],
  ['DEADLINE', 'deadline'],
  ['PREEMPTED', 'preempted'],
  ['CANCELLED', 'cancelled'],
  ['OUT_OF_MEMORY', 'out_of_memory'],
  ['NODE_FAIL', 'node_failed'],
  ['BOOT_FAIL', 'boot_failed'],
])

/** The states of a job that has no node now, but may get one. */
const WAITING = new Set([
  'PENDING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
])

/** The states of a job that has a node. It may be suspended, or about to end. */
const LIVE = new Set([
  'RUNNING',
  'CONFIGURING',
  'COMPLETING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'RESIZING',
  'STAGE_OUT',
  'POWER_UP_NODE',
  'RECONFIG_FAIL',
])

/** Whether a job with this state of Slurm waits, lives, or has ended. */
export function phaseOf(state: string): 'waits' | 'lives' | 'ended' {
  if (WAITING.has(state)) return 'waits'
  return LIVE.has(state) ? 'lives' : 'ended'
}
