import {
  EXPORTED,
  exportedRefusal,
  jobDetail,
  jobStatus,
  recordFacts,
  currentFiles,
} from '@bestmark/db'
import type { ClaimedDeployment, Database, StoredFiles } from '@bestmark/db'
import type { CheckpointKind } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { inspectAgain, stateFileOf } from '../recording/sweep.ts'

/** A checkpoint that can be shipped. */
export interface Shippable {
  /** Null if it was not computed for these files. */
  digest: string | null
  /** The file that its program writes last into it; null if there is none. */
  stateFile: string | null
  kind: CheckpointKind | null
}

/**
 * Checks a checkpoint right before it is shipped, and records changes. Throws a Failure if it is no
 * longer complete.
 */
export async function checkShippable(db: Database, order: ClaimedDeployment): Promise<Shippable> {
  const { job_id, path } = order
  const stored = await filesOf(db, order)
  if (!stored) throw new Failure(`${path} was overwritten by a later save.`)
  const job = { job_id, root: order.root, source: (await jobDetail(db, job_id))?.source ?? '' }
  if (job.source === EXPORTED) throw new Failure(exportedRefusal(order.job_name))
  const status = (await jobStatus(db, job_id))?.status
  const changed = await inspectAgain(db, { ...job, ...(status ? { status } : {}) }, stored)
  if (changed) await recordFacts(db, job_id, [changed])
  const { files_state, files_why, kind } = changed ?? stored
  if (files_state === 'complete') {
    const digest = changed ? null : stored.digest
    return { digest, stateFile: stateFileOf(job.source), kind }
  }
  const why = files_why === null ? '' : ` (${files_why})`
  throw new Failure(`The files of ${path} are ${files_state}${why}, so nothing was shipped.`)
}

/** The state of files whose bytes changed without a write. */
const DAMAGED = {
  files_state: 'broken',
  files_why: 'it was damaged on its disk: its SHA-256 is not what it was',
  files_fault: 'damaged',
} as const

/** Records that a checkpoint is damaged, so that another one is chosen. */
export async function recordDamage(db: Database, order: ClaimedDeployment): Promise<void> {
  const stored = await filesOf(db, order)
  if (!stored) return
  const { attempt, step, path, bytes, kind, base, serving, signature, digest } = stored
  const state = { ...DAMAGED, checked_at: Date.now() }
  const inspection = { bytes, kind, base, serving, signature, digest }
  await recordFacts(db, order.job_id, [
    { type: 'files', attempt, at: null, step, path, ...state, ...inspection },
  ])
}

async function filesOf(db: Database, order: ClaimedDeployment): Promise<StoredFiles | undefined> {
  const all = await currentFiles(db, order.job_id)
  return all.find((row) => row.checkpoint_id === order.checkpoint_id)
}
