import { join } from 'node:path'
import { hasEnded, type TrainingEvent } from '@bestmark/core'
import {
  type Database,
  EXPORTED,
  folderOfJob,
  jobDetail,
  jobsOfFolder,
  jobStatus,
  type KnownFiles,
  recordFacts,
  standingFiles,
} from '@bestmark/db'
import type { FilesSeen } from '../checkpoints/inspect.ts'
import { firstLine, isJournal, JOURNAL } from '../journal/header.ts'
import { isDriven } from '../processes/mark.ts'
import { endedEvent } from '../sources/events/events.ts'
import { jsonObject } from '../files/json.ts'
import { folderId } from './folderId.ts'
import { isOfAnother, isOfPlace } from './journalPlace.ts'
import { toldJournal } from './toldJournal.ts'

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
    if (isOther) await endReplaced(db, job.job_id)
  }
}

/** What a look finds of a checkpoint whose folder holds another run. */
export function goneFiles(): FilesSeen {
  const nothing = { bytes: null, kind: null, base: null, signature: null, digest: null } as const
  return { ...nothing, files_state: 'missing', files_why: FILES_WHY, checked_at: Date.now() }
}

/**
 * Whether a folder holds another run than a job: by the ids of their journals, or since the folder
 * there now is known as that of another job.
 */
export async function holdsAnother(
  db: Database,
  { job_id, root }: { job_id: string; root: string },
): Promise<boolean> {
  const id = journalIn(root)
  if (id === undefined) return isFolderOfAnother(db, job_id, root)
  // A program that removes its folder as it starts is still the one that was started there.
  if (isOfPlace(job_id) && isDriven(root)) return false
  return isJournalOfAnother(db, job_id, id)
}

/** The job's id in a folder's journal. */
function journalIn(root: string): string | undefined {
  const path = join(root, JOURNAL)
  if (!isJournal(path)) return undefined
  const id = jsonObject(firstLine(path) ?? '')?.['job_id']
  return typeof id === 'string' ? id : undefined
}

/**
 * Whether the journal with an id is of another run than a job; that of a job on the board is left to
 * this one by a job that was made of the folder's place before the journal was there.
 */
export async function isJournalOfAnother(
  db: Database,
  job_id: string,
  id: string,
): Promise<boolean> {
  const told = await toldJournal(db, job_id)
  if (isOfAnother(job_id, told, id)) return true
  return told === null && id !== job_id && (await jobStatus(db, id)) !== undefined
}

async function isFolderOfAnother(db: Database, job_id: string, root: string): Promise<boolean> {
  const now = await folderId(root)
  const job = now === null ? undefined : await folderOfJob(db, job_id)
  if (!job || job.folder_id === null || job.folder_id === now || job.root !== root) return false
  return job.others.some(({ folder_id, source }) => source !== EXPORTED && folder_id === now)
}
