import type { TrainingJobStatus } from '@bestmark/core'
import { type Database, renameJob } from '@bestmark/db'
import type { NameOptions } from './importRun.ts'

/** What became of the names that a person gave a job. */
export interface AppliedNames {
  name: string
  /** Why the project was not taken; undefined where it was, or none was given. */
  refusal: string | undefined
}

/**
 * Gives a job that is on the board the name that a person told. Its project stays, since its policy
 * and those who see it depend on that, and the answer says so. Throws JobUnknown.
 */
export async function applyNames(
  db: Database,
  { job_id, name: before, project: stays }: Pick<TrainingJobStatus, 'job_id' | 'name' | 'project'>,
  { name, project }: NameOptions,
): Promise<AppliedNames> {
  const isOther = name !== undefined && name !== before
  if (isOther) await renameJob(db, job_id, name)
  const refusal =
    project === undefined || project === stays
      ? undefined
      : `The job is on the board in project "${stays}" already and stays there; --project names the project of new jobs.`
  return { name: name ?? before, refusal }
}
