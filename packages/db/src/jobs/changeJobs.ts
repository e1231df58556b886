import { isActive } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { changeJobIn, type JobChanges, type LockedJob, transaction } from '../rows/job.ts'
import { Refused } from '../values/refused.ts'

/** Tags to add to jobs and to remove from them. */
export interface TagChange {
  add?: readonly string[] | undefined
  remove?: readonly string[] | undefined
}

/** The most tags of one job. */
export const MOST_TAGS = 50

/** Sets a job's note. Throws JobUnknown. */
export async function noteJob(db: Database, job_id: string, note: string): Promise<number> {
  return changeJobs(db, [job_id], (job) => (job.note === note ? undefined : { note }))
}

/** Adds and removes tags; returns how many jobs changed. Throws JobUnknown and Refused. */
export async function tagJobs(
  db: Database,
  job_ids: readonly string[],
  { add = [], remove = [] }: TagChange,
): Promise<number> {
  return changeJobs(db, job_ids, (job) => {
    const kept = job.tags.filter((tag) => !remove.includes(tag))
    const tags = [...new Set([...kept, ...add])]
    if (tags.length > MOST_TAGS) {
      throw new Refused(`A job can have at most ${MOST_TAGS} tags; ${job.name} has more.`)
    }
    return tags.join('\n') === job.tags.join('\n') ? undefined : { tags }
  })
}

/** Archives jobs, or takes them back; they are still recorded. Throws JobUnknown. */
export async function archiveJobs(
  db: Database,
  job_ids: readonly string[],
  archived: boolean,
): Promise<number> {
  return changeJobs(db, job_ids, ({ archived_at, now }) => {
    if ((archived_at !== null) === archived) return undefined
    return { archived_at: archived ? now : null }
  })
}

/**
 * Deletes jobs from the board; `restoreJobs` brings them back. No file is touched, and the ledger
 * keeps what was shipped. Throws JobUnknown, and Refused if one is running; then none is deleted.
 */
export async function deleteJobs(db: Database, job_ids: readonly string[]): Promise<number> {
  return changeJobs(db, job_ids, ({ name, status, deleted_at, now }) => {
    if (deleted_at !== null) return undefined
    if (isActive(status)) {
      throw new Refused(`${name} is ${status}. Stop it before you delete it. Nothing was deleted.`)
    }
    return { deleted_at: now }
  })
}

/**
 * Deletes a job whose program turned out to continue the run of another job. Its page names that job.
 * Throws JobUnknown.
 */
export async function deleteContinuation(
  db: Database,
  job_id: string,
  of_job_id: string,
): Promise<void> {
  const error = `Its program continues the run of job ${of_job_id}.`
  await changeJobs(db, [job_id], ({ now }) => ({ status: 'stopped', error, deleted_at: now }))
}

/** Brings deleted jobs back, with what is still recorded of them. Throws JobUnknown. */
export async function restoreJobs(db: Database, job_ids: readonly string[]): Promise<number> {
  return changeJobs(db, job_ids, ({ deleted_at }) => {
    return deleted_at === null ? undefined : { deleted_at: null }
  })
}

/** Changes jobs in one transaction: all of them, or none. Returns how many changed. */
async function changeJobs(
  db: Database,
  job_ids: readonly string[],
  changeOf: (job: LockedJob) => JobChanges | undefined,
): Promise<number> {
  return transaction(db, async (tx) => {
    let changed = 0
    // In one order, so that two changes at once never wait for each other.
    for (const job_id of [...new Set(job_ids)].sort()) {
      const set = await changeJobIn(tx, job_id, async (_tx, job) => {
        const set = changeOf(job)
        return { set, answer: set }
      })
      if (set) changed++
    }
    return changed
  })
}
