import { join } from 'node:path'
import { hasEnded, type TrainingEvent } from '@bestmark/core'
import {
  type Database,
  EXPORTED,
  jobDetail,
  jobsOfFolder,
  jobStatus,
  type KnownFiles,
  recordFacts,
  standingFiles,
} from '@bestmark/db'
import type { FilesSeen } from '../integrity.ts'
import { firstLine, isJournal, JOURNAL } from '../journal.ts'
import { endedEvent } from '../sources/events.ts'
import { jsonObject } from '../sources/jsonObject.ts'
import { isOfAnother } from './journalPlace.ts'

const WHY = 'Its folder was removed or emptied, and another run began in it.'
const FILES_WHY = "another run lies in the run's folder now"

/**
 * Ends a job whose folder holds another run now: how it ended nobody saw, so it is lost, and its
 * checkpoints are gone, whatever lies at their paths.
 */
export async function endReplaced(db: Database, job_id: string): Promise<void> {
  const job = await jobDetail(db, job_id)
  const status = (await jobStatus(db, job_id))?.status
  if (!job || !status) return
  const files = await standingFiles(db, job_id)
  const events: TrainingEvent[] = files
    .filter(({ files_state }) => files_state !== 'missing')
    .map((known) => ({ ...placeOf(known), ...goneFiles() }))
  const { attempt } = job
  if (!hasEnded(status) && status !== 'lost') events.push(endedEvent(attempt, 'lost', WHY))
  if (events.length > 0) await recordFacts(db, job_id, events)
}

function placeOf({ attempt, step, path }: KnownFiles) {
  return { type: 'files', attempt, at: null, step, path } as const
}

/** Ends the jobs that lay in a folder before the one that lies there now. */
export async function endOthers(
  db: Database,
  now: { job_id: string; host_id: string; root: string },
): Promise<void> {
  const { host_id, root } = now
  for (const job of await jobsOfFolder(db, host_id, { root, folder_id: null })) {
    const isOther = job.job_id !== now.job_id && job.source !== EXPORTED
    if (isOther && !hasEnded(job.status)) await endReplaced(db, job.job_id)
  }
}

/** What a look finds of a checkpoint whose folder holds another run. */
export function goneFiles(): FilesSeen {
  const nothing = { bytes: null, kind: null, base: null, signature: null, digest: null } as const
  return { ...nothing, files_state: 'missing', files_why: FILES_WHY, checked_at: Date.now() }
}

/** Whether the journal in a folder is of another run than a job, as far as the ids tell. */
export function holdsAnother({ job_id, root }: { job_id: string; root: string }): boolean {
  const path = join(root, JOURNAL)
  if (!isJournal(path)) return false
  const id = jsonObject(firstLine(path) ?? '')?.['job_id']
  return typeof id === 'string' && isOfAnother(job_id, null, id)
}
