import { realpath, stat } from 'node:fs/promises'
import { type TrainingEvent, type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import { jobStatus, record, registerJob, sourceCursor } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { Listing } from '../files/listing.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { readFirst } from './firstReading.ts'
import { recordRun } from './journal.ts'
import type { RecordedRun } from './recordedRun.ts'
import { findRenamedLogJob } from './renamedLogs.ts'
import { endOtherJobs } from './replacedRuns.ts'
import { folderId } from './folderId.ts'
import { moveFiles } from './filesCursor.ts'
import { findJob, jobIdOf, jobOfLinkedLogs } from './jobId.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { identifyRun, mayGrow, type RunIdentity } from '../sources/identity.ts'
import { readRun } from '../sources/readRun.ts'
import { digestOf } from '../sources/reader/wholeReader.ts'
import { sweepJob } from './sweep.ts'

/** How many runs are imported at a time. While one waits for the database, others read their files. */
export const IMPORTS_AT_ONCE = 4

/** A name and project for an imported run; missing ones come from the run. */
export interface NameOptions {
  name?: string | undefined
  project?: string | undefined
  /** A job that was deleted comes back. */
  restore?: boolean | undefined
}

/**
 * Puts the run in a folder on the board and returns its status. The same folder is the same job.
 * Importing it again only records what changed. Throws a Failure if nothing can be read there, and
 * JobDeleted if a person deleted the job.
 */
export async function importRun(
  board: Board,
  path: string,
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'] = undefined,
): Promise<TrainingJobStatus> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  if (!isFolder) return importFile(board, path, naming, onNotice)
  const listing = new Listing(await realpath(path))
  const identity = await identifyRun(path, listing)
  if (!identity) return importFile(board, path, naming, onNotice)
  const recorded = await findRenamedLogJob(board, identity.root)
  if (recorded !== undefined) return statusOf(board, recorded, path)
  const { reading, ...job } = await registerRun(board, identity, naming, listing)
  const { job_id, root } = job
  if (identity.source === JOURNAL)
    while (await recordRun(board.db, { job_id, folder: root, onNotice }));
  else {
    const run = { job_id, folder: root, host_id: board.host_id, onNotice }
    const isOver = reading?.isOver ?? !(await mayGrow(root))
    const recorder = new FilesRecorder(board.db, run, { isOver, reading })
    await recorder.recordAll()
  }
  // The readers of other programs' files have just checked the checkpoints.
  if (!reading || identity.job_id !== null) await sweepJob(board.db, job)
  return statusOf(board, job_id, path)
}

/**
 * Puts a run's job on the board unless it is there. Throws a Failure if the run's files cannot be
 * read, because a job without any readable file would wait for ever.
 */
export async function register(
  board: Pick<Board, 'db' | 'host_id' | 'host'>,
  identity: RunIdentity,
  naming: NameOptions,
) {
  const { reading: _reading, ...job } = await registerRun(board, identity, naming)
  return job
}

/** Like `register`, with what was read of the run of a new job. */
async function registerRun(
  board: Pick<Board, 'db' | 'host_id' | 'host'>,
  identity: RunIdentity,
  naming: NameOptions,
  listed?: Listing,
) {
  const { root } = identity
  const listing = listed?.root === root ? listed : new Listing(root)
  const { job_id, is_new } = await findJob(board, identity)
  const isStored = !is_new && (await jobStatus(board.db, job_id)) !== undefined
  const reading = isStored ? undefined : await readFirst(identity, listing)
  // The same log has another path below the folder of its checkpoints, so it is read again.
  if (isStored && job_id === (await jobOfLinkedLogs(board, root)))
    await moveFiles(board.db, { job_id, folder: root })
  const job = await putOnBoard(board, { ...identity, job_id, is_new }, naming)
  return { ...job, reading: is_new ? reading : undefined }
}

async function putOnBoard(
  { db, host_id, host }: Pick<Board, 'db' | 'host_id' | 'host'>,
  identity: RunIdentity & { job_id: string; is_new?: boolean },
  naming: NameOptions,
) {
  const { job_id, root, source, is_new = false } = identity
  const name = naming.name ?? identity.name
  const project = naming.project ?? identity.project
  const job = { job_id, host_id, host, root, name, project, source }
  const folder_id = await folderId(root)
  await registerJob(db, { ...job, folder_id, status: 'queued', restore: naming.restore, is_new })
  await endOtherJobs(db, job)
  return job
}

/** Imports a single state file. For anything else that is not a run, the reader throws the reason. */
async function importFile(
  board: Board,
  path: string,
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'],
): Promise<TrainingJobStatus> {
  return importEvents(board, path, { ...(await readRun(path)), job_id: null }, naming, onNotice)
}

/**
 * The source of a journal that is recorded as a whole. The cursor of `JOURNAL` is a number of bytes,
 * where the recorder of a folder goes on.
 */
const WHOLE_JOURNAL = 'whole journal'

/** Records a whole history, which replaces what was recorded before. */
export async function importEvents(
  board: Board,
  path: string,
  { events, ...identity }: RunIdentity & { events: TrainingEvent[] },
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'] = undefined,
): Promise<TrainingJobStatus> {
  const source = identity.source === JOURNAL ? WHOLE_JOURNAL : identity.source
  const job_id = await jobIdOf(board, identity)
  const job = await putOnBoard(board, { ...identity, job_id }, naming)
  const to = digestOf(events)
  const from = await sourceCursor(board.db, job.job_id, source)
  if (from !== to) {
    await record(board.db, job.job_id, { source, from, to, events, replace: true })
    for (const text of readerWarnings(events)) onNotice?.(text)
  }
  await sweepJob(board.db, job)
  return statusOf(board, job.job_id, path)
}

async function statusOf(board: Board, job_id: string, path: string): Promise<TrainingJobStatus> {
  const status = await jobStatus(board.db, job_id)
  if (!status) throw new Error(`The job ${job_id} was removed while ${path} was being imported.`)
  return status
}
