import { join } from 'node:path'
import { hasEnded, type TrainingEvent } from '@bestmark/core'
import {
  type Database,
  EXPORTED,
  folderOfJob,
  jobDetail,
  jobsOfFolder,
  jobStatus,
  type StoredFiles,
  recordFacts,
  currentFiles,
} from '@bestmark/db'
import { inspectCheckpoint, type InspectedFiles } from '../checkpoints/inspect.ts'
import { firstLine, isJournal, JOURNAL } from '../journal/header.ts'
import { hasLiveProcess } from '../processes/mark.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { jsonObject } from '../files/json.ts'
import { drivenJob } from '../sources/runNote.ts'
import { folderId } from './folderId.ts'
import { isOtherJournalId, isIdOfPath } from './journalCursor.ts'
import { storedJournalId } from './storedJournal.ts'

const FILES_WHY = "another run lies in the run's folder now"

/**
 * Ends a job whose folder holds another run now. Its history, pins and shipments stay; checkpoints
 * whose files the other run replaced or removed are missing, whatever lies at their paths.
 */
export async function endReplacedJob(db: Database, job_id: string): Promise<void> {
  const job = await jobDetail(db, job_id)
  const known = await jobStatus(db, job_id)
  if (!job || !known) return
  const events: TrainingEvent[] = []
  for (const files of await currentFiles(db, job_id)) {
    if (files.files_state === 'missing' || (await isUnchanged(known.output_dir, files))) continue
    events.push({ ...placeOf(files), ...missingFiles() })
  }
  if (!hasEnded(known.status)) {
    const at = Date.now()
    const when = new Date(at).toISOString()
    const event = (await isJournalAway(db, job_id, known.output_dir))
      ? endedEvent(job.attempt, 'lost', `Its journal is missing at ${when}.`)
      : endedEvent(job.attempt, 'stopped', `Another run began in its folder at ${when}.`)
    events.push({ ...event, at })
  }
  if (events.length > 0) await recordFacts(db, job_id, events)
}

/** Whether a job's journal may come back: it is missing in a folder that was not made anew. */
async function isJournalAway(db: Database, job_id: string, root: string): Promise<boolean> {
  const isMissing = journalIn(root) === undefined && (await storedJournalId(db, job_id)) !== null
  return isMissing && (await folderOfJob(db, job_id))?.folder_id === (await folderId(root))
}

function placeOf({ attempt, step, path }: StoredFiles) {
  return { type: 'files', attempt, at: null, step, path } as const
}

/** Whether a checkpoint's files are still those that the job's own run wrote, by their sizes and times. */
export async function isUnchanged(root: string, known: StoredFiles): Promise<boolean> {
  if (known.signature === null) return false
  const { signature } = await inspectCheckpoint(root, known.path, null, { known })
  return signature === known.signature
}

/** Ends the jobs that lay in a folder before the one that lies there now. */
export async function endOtherJobs(
  db: Database,
  now: { job_id: string; host_id: string; root: string },
): Promise<void> {
  const { host_id, root } = now
  for (const job of await jobsOfFolder(db, host_id, { root, folder_id: null })) {
    const isOther = job.job_id !== now.job_id && job.source !== EXPORTED
    if (isOther) await endReplacedJob(db, job.job_id)
  }
}

/** What a look finds of a checkpoint whose folder holds another run. */
export function missingFiles(): InspectedFiles {
  const nothing = { bytes: null, kind: null, base: null, signature: null, digest: null } as const
  return { ...nothing, files_state: 'missing', files_why: FILES_WHY, checked_at: Date.now() }
}

/**
 * Whether a folder holds another run than a job: by what `bestmark run` noted while its program
 * lives, by the ids of their journals, or since another job was found in the same folder later.
 */
export async function holdsOtherRun(
  db: Database,
  { job_id, root }: { job_id: string; root: string },
): Promise<boolean> {
  const driven = await drivenJob(root)
  if (driven) return driven !== job_id
  const id = journalIn(root)
  if (id === undefined) return isFolderOfAnother(db, job_id, root)
  // The program of a job that was begun before there was a journal may write one under an id of its own.
  if (isIdOfPath(job_id) && hasLiveProcess(root)) return false
  return isOtherJournal(db, job_id, id)
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
export async function isOtherJournal(db: Database, job_id: string, id: string): Promise<boolean> {
  const told = await storedJournalId(db, job_id)
  if (isOtherJournalId(job_id, told, id)) return true
  return told === null && id !== job_id && (await jobStatus(db, id)) !== undefined
}

async function isFolderOfAnother(db: Database, job_id: string, root: string): Promise<boolean> {
  const now = await folderId(root)
  const job = now === null ? undefined : await folderOfJob(db, job_id)
  if (!job || job.folder_id === null || job.root !== root) return false
  const others = job.others.filter(({ folder_id, source }) => {
    return source !== EXPORTED && folder_id === now
  })
  if (job.folder_id !== now) return others.length > 0
  return others.some(({ registered_at }) => registered_at > job.registered_at)
}
