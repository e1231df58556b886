import type { SlurmJob } from './slurmJob.ts'

/** One fact of a Slurm job in words; `search` finds the jobs that share it. */
export interface SlurmFact {
  text: string
  search: string | null
}

/** The number of a Slurm job as people know it: `17`, or `17_3` for a task of an array. */
export function slurmNumber({ job_id, array_job_id, array_task_id }: SlurmJob): string {
  return array_job_id === null || array_task_id === null
    ? job_id
    : `${array_job_id}_${array_task_id}`
}

/** The facts of a Slurm job that are there. */
export function slurmFacts(job: SlurmJob): SlurmFact[] {
  const { array_job_id, partition, node_list, restart_count } = job
  const isOneNode = node_list !== null && /^[^\s,[\]]+$/.test(node_list)
  const again = `restarted ${restart_count} ${restart_count === 1 ? 'time' : 'times'}`
  return [
    { text: `Slurm job ${slurmNumber(job)}`, search: array_job_id && `array:${array_job_id}` },
    ...(partition ? [{ text: `partition ${partition}`, search: `partition:${partition}` }] : []),
    ...(node_list
      ? [{ text: `on ${node_list}`, search: isOneNode ? `node:${node_list}` : null }]
      : []),
    ...(restart_count > 0 ? [{ text: again, search: null }] : []),
  ]
}

/** A Slurm job in one line. */
export function slurmJobText(job: SlurmJob): string {
  return slurmFacts(job)
    .map(({ text }) => text)
    .join(' · ')
}
