import type { TrainingJobStatus } from '@bestmark/core'
import { type Database, renameJob } from '@bestmark/db'
import type { NameOptions } from './importRun.ts'

/** The result of naming a job. */
export interface AppliedNames {
  name: string
  /** Why the project was not changed; undefined if none was given or it is the same. */
  refusal: string | undefined
}

/**
 * Gives a job on the board another name. Its project stays, because its policy and access depend on
 * it. Throws JobUnknown.
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
      : `The job stays in project "${stays}". --project only applies to new jobs.`
  return { name: name ?? before, refusal }
}
