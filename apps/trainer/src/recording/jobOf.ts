import {
  type Database,
  EXPORTED,
  type JobOfFolder,
  jobsOfFolder,
  jobStatus,
  uuidv5,
} from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { isDriven } from '../processes/mark.ts'
import type { RunIdentity } from '../sources/identify.ts'
import { isContinued, isEmpty } from './continued.ts'
import { folderId } from './folderId.ts'
import { isOfPlace } from './journalPlace.ts'
import { toldJournal } from './toldJournal.ts'

/**
 * Which job a run is: that of its journal; one that the board knows only by the folder's place (as
 * `bestmark run` begins it before there is a journal) stays that, unless it read another journal. A
 * run without a journal is the job of its folder, also where that was moved.
 */
export async function jobIdOf(
  { db, host_id }: Pick<Board, 'db' | 'host_id'>,
  { root, job_id }: Pick<RunIdentity, 'root' | 'job_id'>,
): Promise<string> {
  if (job_id !== null && (await jobStatus(db, job_id))) return job_id
  const folder_id = await folderId(root)
  const known = await ofFolder(db, host_id, { root, folder_id, journal: job_id })
  if (known) return known
  if (job_id !== null) return job_id
  const ofPlace = uuidv5(host_id, root)
  // The job that began here lies elsewhere now, or was of a run that is no more.
  const isTaken = (await jobStatus(db, ofPlace)) !== undefined
  return isTaken ? uuidv5(host_id, `${root} ${folder_id ?? 'once more'}`) : ofPlace
}

interface Folder {
  root: string
  folder_id: string | null
  /** The id in the journal there; null where there is none. */
  journal: string | null
}

/** The job that a folder is by itself, wherever it lay before, or by its place and what lies there. */
async function ofFolder(
  db: Database,
  host_id: string,
  folder: Folder,
): Promise<string | undefined> {
  const { root, folder_id } = folder
  const found = await jobsOfFolder(db, host_id, { root, folder_id })
  const placed = found.filter(({ job_id }) => isOfPlace(job_id))
  const isSame = (job: JobOfFolder): boolean => folder_id !== null && job.folder_id === folder_id
  const here = placed.filter((job) => job.root === root)
  const moved: JobOfFolder[] = []
  for (const job of placed) {
    if (job.root !== root && isSame(job) && (await isMoved(job))) moved.push(job)
  }
  const ofOthers = here.filter((job) => !isSame(job))
  for (const job of [...here.filter(isSame), ...moved, ...ofOthers]) {
    if (await isRunOf(db, job, folder)) return job.job_id
  }
  return undefined
}

/** Whether a job's folder is no longer where it was. */
async function isMoved({ root, folder_id, source }: JobOfFolder): Promise<boolean> {
  return source !== EXPORTED && folder_id !== null && (await folderId(root)) !== folder_id
}

/** Whether a folder's run may be that of a job: by their journals where there is one, else by what it tells. */
async function isRunOf(
  db: Database,
  job: JobOfFolder,
  { root, folder_id, journal }: Folder,
): Promise<boolean> {
  if (journal === null) return (await isContinued(db, job, root)) === true
  const told = await toldJournal(db, job.job_id)
  if (told !== null) return told === journal
  const isSame = job.folder_id === null || folder_id === null || job.folder_id === folder_id
  return isSame || isDriven(root) || isEmpty(db, job.job_id)
}
