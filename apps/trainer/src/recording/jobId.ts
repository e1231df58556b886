import {
  type Database,
  EXPORTED,
  isSameFolder,
  type JobOfFolder,
  jobsOfOtherHosts,
  jobsOfFolder,
  jobRow,
  jobStatus,
  SENT,
  uuidv5,
} from '@bestmark/db'
import type { Board } from '../board/board.ts'
import type { RunIdentity } from '../sources/identity.ts'
import { findLinkedLogs } from '../sources/checkpointLinks.ts'
import { drivenJob, readRunNote } from '../sources/runNote.ts'
import { compareHistory, isJobEmpty } from './history.ts'
import { folderId } from './folderId.ts'
import { isIdOfPath } from './journalCursor.ts'
import { storedJournalId } from './storedJournal.ts'

/**
 * The job of a run: the job that `bestmark run` noted while its program runs, else the job of its
 * journal, else the job of its folder if the history matches, even if the folder moved. Any other
 * history is a new job.
 */
export async function jobIdOf(
  board: Pick<Board, 'db' | 'host_id'>,
  run: Pick<RunIdentity, 'root' | 'job_id'>,
): Promise<string> {
  return (await findJob(board, run)).job_id
}

/** Like jobIdOf; `is_new` if it was just seen that the job is not on the board. */
export async function findJob(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  { root, job_id }: Pick<RunIdentity, 'root' | 'job_id'>,
): Promise<{ job_id: string; is_new: boolean }> {
  const driven = await drivenJob(root)
  if (driven) return { job_id: driven, is_new: false }
  const stored = await storedJobOf({ db, host_id }, { root, job_id })
  if (stored) return { job_id: stored, is_new: false }
  const ofLogs = await jobOfLinkedLogs({ db, host_id }, root)
  if (ofLogs) return { job_id: ofLogs, is_new: false }
  const noted = (await readRunNote(root))?.job_id
  const sent = noted ? await jobRow(db, noted) : undefined
  if (noted && !sent) return { job_id: noted, is_new: true }
  // Its machine sent it over HTTP; from here on its files are read.
  if (noted && sent?.source === SENT) return { job_id: noted, is_new: false }
  const folder_id = await folderId(root)
  return { job_id: job_id ?? (await newJobId(db, host_id, { root, folder_id })), is_new: true }
}

/**
 * The job of the logs that are linked to a folder of checkpoints, if it was recorded before without
 * them.
 */
export async function jobOfLinkedLogs(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  root: string,
): Promise<string | undefined> {
  const logs = await findLinkedLogs(root)
  if (logs === undefined) return undefined
  for (const job of await jobsOfFolder(db, host_id, { root: logs, folder_id: null })) {
    if (job.source !== EXPORTED && (await isContinued(db, job, root))) return job.job_id
  }
  return undefined
}

/** The stored job of the run in a folder, by the id of its journal if it has one. */
export async function storedJobOf(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  { root, job_id }: Pick<RunIdentity, 'root' | 'job_id'>,
): Promise<string | undefined> {
  if (job_id !== null && (await jobStatus(db, job_id))) return job_id
  const folder = { root, folder_id: await folderId(root), journal: job_id }
  return (await ofFolder(db, host_id, folder)) ?? ofSharedFolder(db, host_id, folder)
}

/** The first free id made from the path: two recorders that find a run at once give it the same id. */
async function newJobId(
  db: Database,
  host_id: string,
  { root, folder_id }: Pick<Folder, 'root' | 'folder_id'>,
): Promise<string> {
  const again = `${root} ${folder_id ?? 'once more'}`
  for (let count = 0; ; count++) {
    const id = uuidv5(host_id, [root, again][count] ?? `${again} ${count}`)
    if (!(await jobStatus(db, id))) return id
  }
}

interface Folder {
  root: string
  folder_id: string | null
  /** The id in its journal; null if it has none. */
  journal: string | null
}

/** The stored job of the run that is in a folder now. */
async function ofFolder(
  db: Database,
  host_id: string,
  folder: Folder,
): Promise<string | undefined> {
  const { root, folder_id } = folder
  const found = await jobsOfFolder(db, host_id, { root, folder_id })
  const ofPaths = found.filter(({ job_id }) => isIdOfPath(job_id))
  const isSame = (job: JobOfFolder): boolean => folder_id !== null && job.folder_id === folder_id
  const here = ofPaths.filter((job) => job.root === root)
  const moved: JobOfFolder[] = []
  for (const job of ofPaths) {
    if (job.root !== root && isSame(job) && (await isMoved(job))) moved.push(job)
  }
  const replaced = here.filter((job) => !isSame(job))
  for (const job of [...here.filter(isSame), ...moved, ...replaced]) {
    if (await isRunOf(db, job, folder)) return job.job_id
  }
  return undefined
}

/**
 * The job of another host whose run is in this folder on a shared disk. Without ids of the folder, the
 * history must be the same: equal paths on two machines are no evidence.
 */
async function ofSharedFolder(
  db: Database,
  host_id: string,
  { root, folder_id, journal }: Folder,
): Promise<string | undefined> {
  // The id of a journal is that of its job, on all hosts.
  if (journal !== null) return undefined
  for (const job of await jobsOfOtherHosts(db, host_id, root)) {
    const isKnown = job.folder_id !== null && folder_id !== null
    if (job.source === EXPORTED || (isKnown && !isSameFolder(folder_id, job.folder_id))) continue
    const match = await compareHistory(db, job, root)
    const isRun = isKnown ? match.kind !== 'another' : match.kind === 'all' && match.isExact
    if (isRun) return job.job_id
  }
  return undefined
}

/** Whether a job's folder is no longer at its path. */
async function isMoved({ root, folder_id, source }: JobOfFolder): Promise<boolean> {
  return source !== EXPORTED && folder_id !== null && (await folderId(root)) !== folder_id
}

/** Whether a folder's run may belong to a job: by its journal if it has one, else by its history. */
async function isRunOf(
  db: Database,
  job: JobOfFolder,
  { root, folder_id, journal }: Folder,
): Promise<boolean> {
  if (journal === null) return isContinued(db, job, root)
  const stored = await storedJournalId(db, job.job_id)
  if (stored !== null) return stored === journal
  if (await isJobEmpty(db, job.job_id)) return true
  const isSame = job.folder_id === null || folder_id === null || job.folder_id === folder_id
  return isSame && (await isContinued(db, job, root))
}

/** Whether a folder's history is that of a job. While nothing can be read, the folder decides. */
async function isContinued(db: Database, job: JobOfFolder, root: string): Promise<boolean> {
  const { kind } = await compareHistory(db, job, root)
  if (kind !== 'unknown') return kind !== 'another'
  return job.folder_id === null || job.folder_id === (await folderId(root))
}
