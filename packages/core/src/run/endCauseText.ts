import type { EndCause, EndCode } from './endCause.ts'

const TEXTS: Record<EndCode, string> = {
  time_limit: 'Slurm ended it at its time limit',
  deadline: 'Slurm ended it at its deadline',
  preempted: 'Slurm preempted it for another job',
  requeued: 'Slurm ended it to start it again',
  cancelled: 'It was cancelled in Slurm',
  out_of_memory: 'It used more memory than its Slurm job may',
  node_failed: 'A node of its Slurm job failed',
  boot_failed: 'Slurm could not start a node for it',
}

/** The cause of an end, as a sentence. */
export function endCauseText({ code, by, is_inferred }: EndCause): string {
  const text = `${TEXTS[code]}${by === null ? '' : ` by ${by}`}`
  return is_inferred ? `${text}, as it seems.` : `${text}.`
}
