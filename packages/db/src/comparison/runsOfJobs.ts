import { isActive, type RunToCompare } from '@bestmark/core'
import { configOf, type Tx } from '../rows/job.ts'
import type { JobRow } from '../schema.ts'
import { inputsOfJobs } from './rowsOfJobs.ts'

/** The runs of jobs, to compare them. */
export async function runsOf(tx: Tx, jobs: readonly JobRow[]): Promise<RunToCompare[]> {
  const inputs = await inputsOfJobs(tx, jobs)
  return jobs.flatMap((job) => {
    const { job_id, name, status } = job
    const input = inputs.get(job_id)
    return input ? [{ job_id, name, alive: isActive(status), config: configOf(job), input }] : []
  })
}
