import { printedBy } from './shownJob.ts'

/** Ends a job of Slurm, or takes it out of its queue; returns whether Slurm took the request. */
export async function cancelSlurmJob(job_id: string): Promise<boolean> {
  return (await printedBy('scancel', [job_id])) !== undefined
}
