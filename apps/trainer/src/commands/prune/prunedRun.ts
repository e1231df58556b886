import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { type EventOf, type Prunable, rowsFrom, select, type Selection } from '@bestmark/core'
import {
  EXPORTED,
  exportedRefusal,
  hostedJobs,
  jobStatus,
  recordFacts,
  selectionOf,
  shippedCheckpoints,
  currentFiles,
  type HostedJob,
} from '@bestmark/db'
import { callerPath } from '../../cli/callerPath.ts'
import { openExistingBoard, type Board } from '../../board/board.ts'
import { Failure } from '../../failure.ts'
import { findJob } from '../../board/namedJob.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import { sweepJob } from '../../recording/sweep.ts'
import { withRealPaths } from './realPaths.ts'

/** The state of a run that prune decides from. */
interface Present {
  selection: Selection
  checkpoints: Prunable[]
}

/** A run whose checkpoints may be removed. */
export interface PrunedRun extends AsyncDisposable {
  name: string
  job_id: string | null
  /** The run's root, links resolved. */
  root: string
  /** Looks at the files again. */
  look: () => Promise<Present>
  /** Records on the board, if there is one, that files are gone. */
  recordRemoval: (removed: Prunable) => Promise<void>
}

/**
 * Finds a run by its folder or job. A folder that belongs to a job counts as that job, so that pinned
 * and shipped checkpoints are kept. Throws a Failure.
 */
export async function prunedRun(text: string): Promise<PrunedRun> {
  const path = callerPath(text)
  const board = await openExistingBoard()
  try {
    if (!existsSync(path)) return await jobNamed(board, text, path)
    const root = await realpath(path)
    const job = board && (await jobIn(board, root))
    if (board && job) return await ofJob(board, job)
    if (board) await assertNoOtherJob(board, root)
    await board?.[Symbol.asyncDispose]()
    return await ofFolder(root)
  } catch (error) {
    await board?.[Symbol.asyncDispose]()
    throw error
  }
}

async function jobNamed(board: Board | undefined, text: string, path: string): Promise<PrunedRun> {
  if (!board) throw new Failure(`There is no ${path}, and there is no board.`)
  const { job_id, name, host } = await findJob(board.db, text)
  const job = (await hostedJobs(board.db, board.host_id)).find((one) => one.job_id === job_id)
  if (!job) throw new Failure(`The files of ${name} are on ${host}. Prune it there.`)
  return ofJob(board, job)
}

/** The job of this folder. An exported job counts only if there is no other. */
async function jobIn(board: Board, root: string): Promise<HostedJob | undefined> {
  let exported: HostedJob | undefined
  for (const job of await hostedJobs(board.db, board.host_id)) {
    if (!existsSync(job.root) || (await realpath(job.root)) !== root) continue
    if (job.source !== EXPORTED) return job
    exported ??= job
  }
  return exported
}

/** Throws a Failure for a job of another machine, since its pins and shipments are unknown here. */
async function assertNoOtherJob({ db }: Board, root: string): Promise<void> {
  const { job_id } = await readRun(root)
  const job = job_id === null ? undefined : await jobStatus(db, job_id)
  if (job)
    throw new Failure(`${root} belongs to the job ${job.name} on ${job.host}. Prune it there.`)
}

async function ofJob(board: Board, job: HostedJob): Promise<PrunedRun> {
  const { db } = board
  const { job_id } = job
  const name = (await jobStatus(db, job_id))?.name ?? job_id
  if (job.source === EXPORTED) throw new Failure(exportedRefusal(name))
  if (!existsSync(callerPath(job.root))) throw new Failure(`${job.root} no longer exists.`)
  const root = await realpath(job.root)
  const look = async (): Promise<Present> => {
    const status = (await jobStatus(db, job_id))?.status ?? job.status
    await sweepJob(db, { ...job, status })
    const [selection, files] = [await selectionOf(db, job_id), await currentFiles(db, job_id)]
    if (!selection) throw new Failure(`The job ${job_id} was removed from the board.`)
    const shipped = await shippedCheckpoints(db, job_id)
    const rows = files.map((row) => ({ ...row, shipped: shipped.has(row.checkpoint_id) }))
    return { selection, checkpoints: await withRealPaths(root, rows) }
  }
  const recordRemoval = async (removed: Prunable): Promise<void> => {
    await recordFacts(db, job_id, [goneEvent(removed)])
  }
  const close = () => board[Symbol.asyncDispose]()
  return { name, job_id, root, look, recordRemoval, [Symbol.asyncDispose]: close }
}

function goneEvent({ attempt, step, path }: Prunable): EventOf<'files'> {
  const state = { files_state: 'missing', files_why: 'removed by bestmark prune' } as const
  const inspection = { bytes: null, kind: null, base: null, signature: null, digest: null }
  return {
    type: 'files',
    attempt,
    at: null,
    step,
    path,
    ...state,
    ...inspection,
    checked_at: Date.now(),
  }
}

async function ofFolder(root: string): Promise<PrunedRun> {
  const first = await readRun(root)
  if (first.isSingleFile) {
    throw new Failure(`${root} is a file without checkpoints. Name the run's folder.`)
  }
  const look = async (): Promise<Present> => {
    const { selection, checkpoints } = present(await readRun(root))
    return { selection, checkpoints: await withRealPaths(root, checkpoints) }
  }
  const doNothing = async (): Promise<void> => {}
  return {
    name: first.name,
    job_id: null,
    root,
    look,
    recordRemoval: doNothing,
    [Symbol.asyncDispose]: doNothing,
  }
}

function present({ events }: ReadRun): Present {
  const rows = rowsFrom(events)
  const bytes = new Map<string, number | null>()
  for (const event of events) {
    if (event.type === 'checkpoint' || event.type === 'files') bytes.set(event.path, event.bytes)
  }
  const free = { pinned: false, shipped: false }
  const checkpoints = rows.checkpoints.map((row) => {
    return { ...row, ...free, bytes: bytes.get(row.path) ?? null }
  })
  return { selection: select({ policy: 'as_declared', ...rows }), checkpoints }
}
