import type { TrainingJobStatus } from '@bestmark/core'
import { findJobs, type Database } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * The job of this id, unique beginning of an id, or unique name. Throws a Failure that lists what
 * matches where it is not one.
 */
export async function findJob(db: Database, named: string): Promise<TrainingJobStatus> {
  const [job, ...others] = await findJobs(db, named)
  if (!job) throw new Failure(`There is no job "${named}". See them with: bestmark jobs`)
  if (others.length === 0) return job
  const matches = [job, ...others].map(({ job_id, name }) => `${job_id} (${name})`)
  throw new Failure(`"${named}" is several jobs: ${matches.join(', ')}. Give more of the id.`)
}
