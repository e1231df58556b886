import { isDeepFault, type EventOf, type JobState, JOURNAL } from '@bestmark/core'
import { JobMoved, recordFacts, currentFiles, type Database, type StoredFiles } from '@bestmark/db'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import type { Before, InspectedFiles } from '../checkpoints/inspection.ts'
import { lostFiles, holdsOtherRun, isUnchanged } from './replacedRuns.ts'
import { RUN_JOURNAL } from '../sources/journal/runJournal.ts'
import { unlistedCheckpoints } from '../checkpoints/unlisted.ts'

/** A job whose files are checked. */
export interface SweptJob {
  job_id: string
  /** Absolute path of the run's folder. */
  root: string
  source: string
  /** Its state on the board; left out if it does not train. */
  status?: JobState
}

/** What is known of a job without asking the database. */
interface Known {
  files: readonly StoredFiles[]
  holdsOtherRun: () => Promise<boolean>
}

/**
 * Checks the files of a job's checkpoints. Records changes since the last check, and complete
 * checkpoints without a log line; returns how many. Skips checkpoints that a later save overwrote.
 * Records nothing if the job moved to another folder meanwhile.
 */
export async function sweepJob(db: Database, job: SweptJob, known?: Known): Promise<number> {
  const changed: EventOf<'files' | 'checkpoint'>[] = []
  const stored = known?.files ?? (await currentFiles(db, job.job_id))
  const isLogged = job.source === JOURNAL
  const isAnother = known?.holdsOtherRun ?? (() => holdsOtherRun(db, job))
  const isOther = (stored.length > 0 || isLogged) && (await isAnother())
  for (const one of stored) {
    const event = await inspectIn(job, one, isOther)
    if (event) changed.push(event)
  }
  if (isLogged && !isOther) changed.push(...(await unlistedCheckpoints(job.root, stored)))
  if (changed.length === 0) return 0
  try {
    await recordFacts(db, job.job_id, changed, job.root)
  } catch (error) {
    if (error instanceof JobMoved) return 0
    throw error
  }
  return changed.length
}

/** Checks one checkpoint; returns the change since the last check, if any. */
export async function inspectAgain(
  db: Database,
  job: SweptJob,
  stored: StoredFiles,
): Promise<EventOf<'files'> | undefined> {
  return inspectIn(job, stored, await holdsOtherRun(db, job))
}

/** What a check compares with: a checkpoint's files as they were last seen. */
export type SeenFiles = Omit<StoredFiles, 'checkpoint_id' | 'pinned'>

/** Checks one checkpoint without a board; `isOther` if the folder holds another run now. */
export async function inspectIn(
  job: Omit<SweptJob, 'job_id'>,
  stored: SeenFiles,
  isOther: boolean,
): Promise<EventOf<'files'> | undefined> {
  const stateFile = stateFileOf(job.source)
  const isGone = isOther && !(await isUnchanged(job.root, stored))
  const seen = isGone
    ? lostFiles(job.root, stored)
    : await inspectCheckpoint(job.root, stored.path, stateFile, previousInspection(job, stored))
  if (isSame(stored, seen)) return undefined
  const { attempt, step, path } = stored
  return { type: 'files', attempt, at: null, step, path, ...seen }
}

/** The file that a program writes last into a checkpoint; null if there is none. */
export function stateFileOf(source: string): string | null {
  return source === 'huggingface' ? 'trainer_state.json' : null
}

function previousInspection(job: Omit<SweptJob, 'job_id'>, stored: SeenFiles): Before {
  const { signature } = stored
  const trains = job.status === 'starting' || job.status === 'running' || job.status === 'stopping'
  const isLogged = job.source === JOURNAL || job.source === RUN_JOURNAL.name
  return trains ? { previous: stored, growing: { signature, isLogged } } : { previous: stored }
}

/** Whether a check found out what the files are, not only the run's own log. */
function wasRead({ files_state, signature }: SeenFiles): boolean {
  return signature !== null || files_state === 'missing' || files_state === 'broken'
}

function isSame(stored: SeenFiles, seen: InspectedFiles): boolean {
  const { signature } = seen
  // The stored reason may be more precise than what a check finds.
  if (stored.files_state === 'missing' && seen.files_state === 'missing') return true
  // A store that does not answer now changes nothing of what was read there.
  if (seen.files_fault === 'store_unread' && wasRead(stored)) return true
  // The check cannot find this fault, so it holds until the files change.
  if (isDeepFault(stored.files_fault) && stored.signature === signature) return true
  return (
    stored.files_state === seen.files_state &&
    stored.files_fault === seen.files_fault &&
    (stored.serving !== null || seen.serving === null) &&
    (signature === null || stored.signature === signature)
  )
}
