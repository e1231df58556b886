import {
  type Database,
  EXPORTED,
  type JobOfFolder,
  jobsOfFolder,
  jobStatus,
  sourceCursor,
  uuidv5,
} from '@bestmark/db'
import type { Board } from '../board.ts'
import { JOURNAL } from '../journal.ts'
import type { RunIdentity } from '../sources/identify.ts'
import { folderId } from './folderId.ts'
import { isOfPlace, readPlace } from './journalPlace.ts'

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
  const known = await ofFolder(db, host_id, { root, folder_id })
  if (job_id !== null) return known && (await mayBe(db, known, job_id)) ? known : job_id
  if (known) return known
  const ofPlace = uuidv5(host_id, root)
  // The job that began here lies elsewhere now.
  const isTaken = (await jobStatus(db, ofPlace)) !== undefined
  return isTaken ? uuidv5(host_id, `${root} ${folder_id ?? 'once more'}`) : ofPlace
}

/** The job that a folder is by its place, or was before it was moved here. */
async function ofFolder(
  db: Database,
  host_id: string,
  folder: { root: string; folder_id: string | null },
): Promise<string | undefined> {
  const found = await jobsOfFolder(db, host_id, folder)
  const placed = found.filter(({ job_id }) => isOfPlace(job_id))
  const here = placed.find(({ root }) => root === folder.root)
  if (here) return here.job_id
  for (const job of placed) if (await isMoved(job)) return job.job_id
  return undefined
}

/** Whether a job's folder is no longer where it was. */
async function isMoved({ root, folder_id, source }: JobOfFolder): Promise<boolean> {
  return source !== EXPORTED && folder_id !== null && (await folderId(root)) !== folder_id
}

/** Whether a job was told by this journal, or by none so far. */
async function mayBe(db: Database, job_id: string, journal_id: string): Promise<boolean> {
  const { id } = readPlace(await sourceCursor(db, job_id, JOURNAL))
  return id === null || id === journal_id
}
