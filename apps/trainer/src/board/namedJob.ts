import type { TrainingJobStatus } from '@bestmark/core'
import { findJobs, type Database } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * Finds the job with this id, beginning of an id, or name. Throws a Failure if no job or several
 * jobs match.
 */
export async function findJob(db: Database, named: string): Promise<TrainingJobStatus> {
  const [job, ...others] = await findJobs(db, named)
  if (!job) throw new Failure(`There is no job "${named}". See them with: bestmark jobs`)
  if (others.length === 0) return job
  const matches = [job, ...others].map(({ job_id, name }) => `${job_id} (${name})`)
  throw new Failure(`"${named}" matches several jobs: ${matches.join(', ')}. Write more of the id.`)
}
