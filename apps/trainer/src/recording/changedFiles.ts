import { grouped, readerNote } from '@bestmark/core'
import {
  currentFiles,
  type Database,
  jobDetail,
  jobStatus,
  record,
  type StoredFiles,
} from '@bestmark/db'
import type { TrainingEvent } from '@bestmark/core'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { digestOf } from '../sources/reader/wholeReader.ts'
import {
  additions,
  type AttemptShift,
  furtherShift,
  readCursor,
  writeCursor,
} from './attemptShift.ts'
import type { HistoryMatch } from './history.ts'
import { FILES_CURSOR, type RecordedRun } from './recordedRun.ts'
import { isThere } from './runFiles.ts'
import type { Branch } from './relation.ts'

/** Counts the attempts of files that hold a further part of a job's history. */
export async function shiftOfBranch(
  db: Database,
  job_id: string,
  branch: Branch | null,
): Promise<AttemptShift> {
  const { attempts = [] } = (await jobDetail(db, job_id)) ?? {}
  const { current_step } = (await jobStatus(db, job_id)) ?? {}
  return furtherShift(branch, current_step ?? 0, attempts)
}

/**
 * Records what files add that hold only a part of the stored history: new checkpoints, and scores if
 * their reader reads them. The stored rows stay, and a note says so once. The cursor stays before the
 * change, so that the files are compared again when they change. Returns whether anything was new.
 */
export async function recordShorter(
  db: Database,
  { job_id, folder, onNotice }: RecordedRun,
  from: string | null,
  { events, removes_scores }: Pick<HistoryMatch, 'events'> & { removes_scores: boolean },
): Promise<boolean> {
  const at = readCursor(from)
  const found = additions(events, at)
  const shorter = digestOf(found)
  if (at.shorter === shorter) return false
  const stored = new Set((await currentFiles(db, job_id)).map(({ path }) => path))
  const added = found.filter((event) => event.type !== 'checkpoint' || !stored.has(event.path))
  const note = at.shorter === undefined ? await shorterNote(db, job_id, events) : []
  const to = writeCursor({ ...at, shorter, cursor: at.cursor ?? '' })
  const batch = { source: FILES_CURSOR, from, to, events: [...added, ...note], root: folder }
  const { recorded } = await record(db, job_id, { ...batch, removes_scores })
  if (recorded) for (const { text } of note) onNotice?.(text)
  return true
}

async function shorterNote(db: Database, job_id: string, events: readonly TrainingEvent[]) {
  const { current_step = null } = (await jobStatus(db, job_id)) ?? {}
  const { attempt = 0 } = (await jobDetail(db, job_id)) ?? {}
  const reached = events.reduce((last, event) => {
    const isMeasured = event.type === 'metrics' || event.type === 'evaluation'
    return isMeasured ? Math.max(last, event.step) : last
  }, 0)
  const text = `The log became shorter: it ends at step ${grouped(reached)}, and step ${grouped(current_step)} was recorded. The recorded values stay.`
  return [readerNote(attempt, { code: 'log_shorter', text })]
}

/**
 * The events without checkpoints whose files are unchanged since they were recorded, because these
 * belong to the attempt that saved them.
 */
export async function withoutUnchanged(
  db: Database,
  { job_id, folder }: RecordedRun,
  events: readonly TrainingEvent[],
): Promise<TrainingEvent[]> {
  const stored = new Map((await currentFiles(db, job_id)).map((one) => [one.path, one]))
  const kept: TrainingEvent[] = []
  for (const event of events) {
    const before = event.type === 'checkpoint' ? stored.get(event.path) : undefined
    if (!before || !(await isSameFile(folder, before, event))) kept.push(event)
  }
  return kept
}

async function isSameFile(
  folder: string,
  before: StoredFiles,
  event: TrainingEvent,
): Promise<boolean> {
  if (event.type !== 'checkpoint' || before.signature === null) return false
  if (event.signature) return event.signature === before.signature
  const { signature } = await inspectCheckpoint(folder, event.path, null, { previous: before })
  return signature === before.signature
}

/**
 * Paths of recorded checkpoints whose files are still there, although the reader no longer takes them
 * for checkpoints.
 */
export async function unlistedPaths(
  db: Database,
  { job_id, folder }: RecordedRun,
  events: readonly TrainingEvent[],
): Promise<string[]> {
  const listed = new Set(events.flatMap((one) => (one.type === 'checkpoint' ? one.path : [])))
  const stored = await currentFiles(db, job_id)
  return stored.map(({ path }) => path).filter((path) => !listed.has(path) && isThere(folder, path))
}
