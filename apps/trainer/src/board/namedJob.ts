import type { TrainingJobStatus } from '@bestmark/core'
import { type Database, JobUnknown, namedJob, Refused } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * Finds the job with this id, beginning of an id, or name. Throws a Failure if no job or several
 * jobs match.
 */
export async function findJob(db: Database, named: string): Promise<TrainingJobStatus> {
  return namedJob(db, named).catch((error: unknown) => {
    if (error instanceof JobUnknown) {
      const message = `There is no job "${named}". See them with: bestmark jobs`
      throw new Failure(message, { cause: error })
    }
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  })
}
