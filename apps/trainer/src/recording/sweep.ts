import type { EventOf, JobState } from '@bestmark/core'
import { recordFacts, currentFiles, type Database, type StoredFiles } from '@bestmark/db'
import { inspectCheckpoint, type Before, type InspectedFiles } from '../checkpoints/inspect.ts'
import { JOURNAL } from '../journal/header.ts'
import { missingFiles, holdsOtherRun, isUnchanged } from './replacedRuns.ts'
import { STATE_UNREADABLE } from '../sources/huggingface/checkpointFolders.ts'
import { RUN_JOURNAL } from '../sources/journal/runJournal.ts'
import { unlistedCheckpoints } from '../checkpoints/unlisted.ts'

/** A job whose files are looked at. */
export interface SweptJob {
  job_id: string
  /** Absolute path of the run's folder. */
  root: string
  source: string
  /** Its state on the board; left out where it is not known to train. */
  status?: JobState
}

/** Said of files that are other bytes than their digest was taken of. */
export const DAMAGED = 'it was damaged on its disk: its SHA-256 is not what it was'

/**
 * Looks at the files of a job's checkpoints and records those that changed since they were last
 * seen, and whole ones that nobody told of; returns how many. Checkpoints whose path a later save
 * took are left as they are.
 */
export async function sweepJob(db: Database, job: SweptJob): Promise<number> {
  const changed: EventOf<'files' | 'checkpoint'>[] = []
  const stored = await currentFiles(db, job.job_id)
  for (const known of stored) {
    const event = await inspectAgain(db, job, known)
    if (event) changed.push(event)
  }
  if (job.source === JOURNAL && !(await holdsOtherRun(db, job)))
    changed.push(...(await unlistedCheckpoints(job.root, stored)))
  if (changed.length > 0) await recordFacts(db, job.job_id, changed)
  return changed.length
}

/** What a look at one checkpoint found that was not known; undefined where it is as it was. */
export async function inspectAgain(
  db: Database,
  job: SweptJob,
  known: StoredFiles,
): Promise<EventOf<'files'> | undefined> {
  const stateFile = stateFileOf(job.source)
  const isGone = (await holdsOtherRun(db, job)) && !(await isUnchanged(job.root, known))
  const seen = isGone
    ? missingFiles()
    : await inspectCheckpoint(job.root, known.path, stateFile, before(job, known))
  if (isSame(known, seen)) return undefined
  const { attempt, step, path } = known
  return { type: 'files', attempt, at: null, step, path, ...seen }
}

/** The file that a program writes last into a checkpoint; null where it writes none. */
export function stateFileOf(source: string): string | null {
  return source === 'huggingface' ? 'trainer_state.json' : null
}

function before(job: SweptJob, known: StoredFiles): Before {
  const { signature } = known
  const trains = job.status === 'starting' || job.status === 'running' || job.status === 'stopping'
  const isLogged = job.source === JOURNAL || job.source === RUN_JOURNAL.name
  return trains ? { known, growing: { signature, isLogged } } : { known }
}

function isSame(known: StoredFiles, seen: InspectedFiles): boolean {
  const { signature } = seen
  // Why it is gone may be known better than a look can tell.
  if (known.files_state === 'missing' && seen.files_state === 'missing') return true
  // Both are found by reading more than a look does.
  const isRead = known.files_why === DAMAGED || known.files_why === STATE_UNREADABLE
  if (isRead && known.signature === signature) return true
  return (
    known.files_state === seen.files_state &&
    known.files_why === seen.files_why &&
    (signature === null || known.signature === signature)
  )
}
