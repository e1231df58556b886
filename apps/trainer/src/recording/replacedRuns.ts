import { join } from 'node:path'
import { hasEnded, isUri, OVERWRITTEN, type TrainingEvent, JOURNAL } from '@bestmark/core'
import {
  absolutePath,
  type Database,
  endUnseenJob,
  EXPORTED,
  folderOfJob,
  jobDetail,
  jobsOfFolder,
  jobStatus,
  type StoredFiles,
  recordFacts,
  currentFiles,
} from '@bestmark/db'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { FILES_GONE, type InspectedFiles } from '../checkpoints/inspection.ts'
import { firstLine, isJournal } from '../journal/header.ts'
import { mayHaveLiveProcess } from '../processes/mark.ts'
import { endedEvent } from '../sources/events/newEvents.ts'
import { jsonObject } from '../files/json.ts'
import { drivenJob } from '../sources/runNote.ts'
import { folderId } from './folderId.ts'
import { isOtherJournalId, isIdOfPath } from './journalCursor.ts'
import { isThere } from './runFiles.ts'
import { noNewLines } from './silentRuns.ts'
import { storedJournalId } from './storedJournal.ts'

const UNKNOWN_FILES = 'the folder now holds another run'

/**
 * Ends a job whose folder now holds another run. Its history, pins and shipments stay. Checkpoints
 * become missing if the other run replaced or removed their files.
 */
export async function endReplacedJob(db: Database, job_id: string): Promise<void> {
  const job = await jobDetail(db, job_id)
  const stored = await jobStatus(db, job_id)
  if (!job || !stored) return
  const events: TrainingEvent[] = []
  for (const files of await currentFiles(db, job_id)) {
    if (files.files_state === 'missing' || (await isUnchanged(stored.output_dir, files))) continue
    events.push({ ...filesEvent(files), ...lostFiles(stored.output_dir, files) })
  }
  if (!hasEnded(stored.status)) {
    const at = Date.now()
    const why = `Another run began in its folder at ${new Date(at).toISOString()}.`
    if (await isJournalMissing(db, job_id, stored.output_dir)) {
      await endUnseenJob(db, job_id, (last) => `Its journal is missing. ${noNewLines(last)}`)
    } else events.push({ ...endedEvent(job.attempt, 'stopped', why), at })
  }
  if (events.length > 0) await recordFacts(db, job_id, events)
}

/** Whether a job's journal may come back: it is missing, but the folder is still the same. */
async function isJournalMissing(db: Database, job_id: string, root: string): Promise<boolean> {
  const isMissing = journalIn(root) === undefined && (await storedJournalId(db, job_id)) !== null
  return isMissing && (await folderOfJob(db, job_id))?.folder_id === (await folderId(root))
}

function filesEvent({ attempt, step, path }: StoredFiles) {
  return { type: 'files', attempt, at: null, step, path } as const
}

/**
 * Whether a checkpoint's files are unchanged since the job's run wrote them, by sizes and times. What
 * happens in the folder says nothing about files in an object store.
 */
export async function isUnchanged(
  root: string,
  stored: Omit<StoredFiles, 'checkpoint_id' | 'pinned'>,
): Promise<boolean> {
  if (isUri(absolutePath(root, stored.path))) return true
  if (stored.signature === null) return false
  const { signature } = await inspectCheckpoint(root, stored.path, null, { previous: stored })
  return signature === stored.signature
}

/** Ends the jobs whose runs were in a folder before its current run. */
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

/**
 * The files of a checkpoint in a folder with another run. They are gone, or that run wrote its own
 * files there. Without a signature of before, it is unknown whose the files are.
 */
export function lostFiles(
  root: string,
  { path, signature }: Pick<StoredFiles, 'path' | 'signature'>,
): InspectedFiles {
  const unknown = { kind: null, base: null, serving: null, digest: null } as const
  const nothing = { ...unknown, bytes: null, signature: null }
  const isHere = isThere(root, path) || isThere(root, `${path}.index`)
  const replaced = signature === null ? UNKNOWN_FILES : OVERWRITTEN.by_run
  const files_why = isHere ? replaced : FILES_GONE
  const state = { files_state: 'missing', files_why, files_fault: null } as const
  return { ...nothing, ...state, checked_at: Date.now() }
}

/**
 * Whether a folder holds a run of another job: by the note of `bestmark run` while its program runs,
 * by the ids of the journals, or because a later job was found in the same folder.
 */
export async function holdsOtherRun(
  db: Database,
  { job_id, root }: { job_id: string; root: string },
): Promise<boolean> {
  const driven = await drivenJob(root)
  if (driven) return driven !== job_id
  const id = journalIn(root)
  if (id === undefined) return isFolderOfAnother(db, job_id, root)
  // A job may begin before its program writes a journal, which then has its own id.
  if (isIdOfPath(job_id) && mayHaveLiveProcess(root)) return false
  return isOtherJournal(db, job_id, id)
}

/** What the files of a folder say about whose run it holds, as a text to compare. */
export async function runMarks(root: string): Promise<string> {
  const marks = [await drivenJob(root), await folderId(root), journalIn(root)]
  return `${marks.join(' ')} ${mayHaveLiveProcess(root)}`
}

/** The job's id in a folder's journal. */
function journalIn(root: string): string | undefined {
  const path = join(root, JOURNAL)
  if (!isJournal(path)) return undefined
  const id = jsonObject(firstLine(path) ?? '')?.['job_id']
  return typeof id === 'string' ? id : undefined
}

/**
 * Whether the journal with this id belongs to another job. A job whose id was made from its path
 * leaves the journal to the job that has the journal's id.
 */
export async function isOtherJournal(db: Database, job_id: string, id: string): Promise<boolean> {
  const stored = await storedJournalId(db, job_id)
  if (isOtherJournalId(job_id, stored, id)) return true
  return stored === null && id !== job_id && (await jobStatus(db, id)) !== undefined
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
