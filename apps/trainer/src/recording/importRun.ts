import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TrainingEvent, type TrainingJobStatus, JOURNAL } from '@bestmark/core'
import { jobStatus, record, registerJob, sourceCursor } from '@bestmark/db'
import type { Board } from '../board/board.ts'
import { Failure, errorText } from '../failure.ts'
import { readJournal } from '../journal/read.ts'
import { FilesRecorder } from './filesRecorder.ts'
import { recordRun } from './journal.ts'
import type { RecordedRun } from './recordedRun.ts'
import { findRenamedLogJob } from './renamedLogs.ts'
import { endOtherJobs } from './replacedRuns.ts'
import { folderId } from './folderId.ts'
import { moveFiles } from './filesCursor.ts'
import { jobIdOf, jobOfLinkedLogs } from './jobId.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import { identifyRun, mayGrow, type RunIdentity } from '../sources/identity.ts'
import { readRun } from '../sources/readRun.ts'
import { openRun, findSources } from '../sources/sources.ts'
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
  const identity = isFolder ? await identifyRun(path) : undefined
  if (!identity) return importFile(board, path, naming, onNotice)
  const recorded = await findRenamedLogJob(board, identity.root)
  if (recorded !== undefined) return statusOf(board, recorded, path)
  const job = await register(board, identity, naming)
  const { job_id, root } = job
  if (identity.source === JOURNAL)
    while (await recordRun(board.db, { job_id, folder: root, onNotice }));
  else {
    const run = { job_id, folder: root, host_id: board.host_id, onNotice }
    const recorder = new FilesRecorder(board.db, run, { isOver: !(await mayGrow(root)) })
    while (await recorder.record());
  }
  await sweepJob(board.db, job)
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
  const job_id = await jobIdOf(board, identity)
  const stored = await jobStatus(board.db, job_id)
  if (!stored) await assertReadable(identity)
  // The same log has another path below the folder of its checkpoints, so it is read again.
  else if (job_id === (await jobOfLinkedLogs(board, identity.root)))
    await moveFiles(board.db, { job_id, folder: identity.root })
  return putOnBoard(board, { ...identity, job_id }, naming)
}

async function putOnBoard(
  { db, host_id, host }: Pick<Board, 'db' | 'host_id' | 'host'>,
  identity: RunIdentity & { job_id: string },
  naming: NameOptions,
) {
  const { job_id, root, source } = identity
  const name = naming.name ?? identity.name
  const project = naming.project ?? identity.project
  const job = { job_id, host_id, host, root, name, project, source }
  const folder_id = await folderId(root)
  await registerJob(db, { ...job, folder_id, status: 'queued', restore: naming.restore })
  await endOtherJobs(db, job)
  return job
}

async function assertReadable({ root, source }: RunIdentity): Promise<void> {
  try {
    if (source === JOURNAL) {
      const { events } = readJournal(join(root, JOURNAL))
      const isNothing = events.length > 0 && events.every(({ type }) => type === 'log')
      if (isNothing) throw new Failure(`${join(root, JOURNAL)} has no training events.`)
      return
    }
    const isOver = !(await mayGrow(root))
    const sources = await findSources(root)
    const { events } = await openRun(sources, { root, cursor: null, isOver }).next()
    if (events.length > 0) return
    // A reader that does not wait for more lines reports what is wrong with the files.
    await openRun(sources, { root, cursor: null, isOver: true }).next()
  } catch (cause) {
    throw new Failure(errorText(cause), { cause })
  }
  throw new Failure(
    `${root} cannot be read yet: its files are still being written. Try again in a few seconds.`,
  )
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

/** Records a whole history, which replaces what was recorded before. */
export async function importEvents(
  board: Board,
  path: string,
  { events, ...identity }: RunIdentity & { events: TrainingEvent[] },
  naming: NameOptions,
  onNotice: RecordedRun['onNotice'] = undefined,
): Promise<TrainingJobStatus> {
  const { source } = identity
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
