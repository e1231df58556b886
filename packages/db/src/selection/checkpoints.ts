import {
  type CheckpointKind,
  type Explanation,
  type FilesState,
  lossGap,
  type LossGap,
  type Measured,
  type Selection,
  stepKey,
  type TableRow,
  type TrainingJobStatus,
  ownValue,
} from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import type { StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import { absolutePath } from '../values/root.ts'
import { type CheckpointFace, checkpointFaces } from './checkpointFaces.ts'
import { type CheckpointMark, checkpointMarks } from './checkpointMarks.ts'
import { type CheckpointPage, type PageOfRows, pageOfRows } from './checkpointPage.ts'
import { type Decided, decided } from './decided.ts'
import { statusOf } from '../rows/job.ts'
import type { JobRow } from '../schema.ts'
import { snapshot } from '../rows/snapshot.ts'
import type { Window } from '../series/seriesParts.ts'

/** A checkpoint as people see it: its files, its evaluation, and its rank in the selection. */
export interface CheckpointRow extends Pick<
  TableRow,
  'rank' | 'difference' | 'is_best' | 'is_tied' | 'origin'
> {
  checkpoint_id: string
  job_id: string
  attempt: number
  step: number | null
  epoch: number | null
  /** Relative to the run's root. */
  path: string
  /** Its present absolute path. */
  absolute_path: string
  role: string | null
  files_state: FilesState
  files_why: string | null
  bytes: number | null
  checked_at: number | null
  /** What can be done with it; null if its files were never inspected. */
  kind: CheckpointKind | null
  /** The base model of an adapter. */
  base: string | null
  /** SHA-256 of its current files; null until it is computed. */
  digest: string | null
  /** A person wants it kept. */
  pinned: boolean
  saved_at: number | null
  /** The evaluation of this checkpoint; empty if there is none. */
  values: Record<string, Measured>
  /** The nearest earlier training loss of its attempt. */
  train_loss: Measured
  /** Its eval_loss minus that training loss, or why there is none. */
  loss_gap: LossGap
  /** Its value of the deciding metric. */
  value: Measured
  /** Why it is not the best, null for the best. */
  why_not: string | null
}

/** A job's checkpoints, the decision over them, and its explanation. */
export interface CheckpointList {
  /** The job's status at the same moment, and its revision. */
  status: TrainingJobStatus
  revision: number
  /** The checkpoints of the page. */
  checkpoints: CheckpointRow[]
  /** How many checkpoints the job has, on all pages. */
  total: number
  /** Begins the next page; null on the last one. */
  next_cursor: string | null
  /** What a chart shows of the checkpoints of all pages. */
  marks: CheckpointMark[]
  /** On a page, its lists are not longer than the page; see `shortened`. */
  selection: Selection
  explanation: Explanation
}

/**
 * The checkpoints of a job with the decision of the same moment, all or one page; undefined if there is
 * no such job. Throws Refused for an invalid cursor.
 */
export async function checkpointsOf(
  db: Database,
  job_id: string,
  page?: CheckpointPage,
): Promise<CheckpointList | undefined> {
  return snapshot(db, async (tx) => {
    const made = await decided(db, tx, job_id)
    if (!made) return undefined
    const { job, selection, explanation, checkpoints } = made
    const rows = pageOfRows(made, page)
    const faces = await checkpointFaces(tx, job_id, page && rows.checkpoints)
    return {
      status: statusOf(job),
      revision: job.revision,
      checkpoints: rowsOf(made, rows, faces),
      total: checkpoints.length,
      next_cursor: rows.next_cursor,
      marks: made.marks,
      selection: page ? shortened(selection, page.limit) : selection,
      explanation,
    }
  })
}

/** The marks of a job's checkpoints in a window of steps; undefined if there is no such job. */
export async function marksOf(
  db: Database,
  job_id: string,
  window: Window,
): Promise<CheckpointMark[] | undefined> {
  return snapshot(db, async (tx) => {
    const made = await decided(db, tx, job_id)
    return made && checkpointMarks(made, window)
  })
}

/**
 * A selection whose ranking and skipped candidates are not longer than a page. Of near ties the first
 * and the last stay, which are the ones that policy within_noise may prefer.
 */
function shortened(selection: Selection, limit: number): Selection {
  const { ranking, skipped, near_ties } = selection
  const ends = (ties: NonNullable<Selection['near_ties']>) => {
    const { candidates } = ties
    if (candidates.length <= limit) return ties
    return { ...ties, candidates: [...candidates.slice(0, limit - 1), ...candidates.slice(-1)] }
  }
  return {
    ...selection,
    ranking: ranking.slice(0, limit),
    skipped: skipped.slice(0, limit),
    near_ties: near_ties && ends(near_ties),
  }
}

function rowsOf(
  { job, measured, table, context, selection }: Decided,
  { checkpoints }: PageOfRows,
  faces: ReadonlyMap<string, CheckpointFace>,
): CheckpointRow[] {
  const { metric } = selection
  return checkpoints.flatMap((checkpoint): CheckpointRow[] => {
    const { checkpoint_id, attempt, step } = checkpoint
    const face = faces.get(checkpoint_id)
    if (!face) return []
    const values = { ...measured.get(stepKey(checkpoint)) }
    const row = table.get(checkpoint_id) ?? UNRANKED
    const train_loss = step === null ? null : (context.trainLoss?.({ attempt, step }) ?? null)
    const eval_loss = ownValue(values, 'eval_loss') ?? null
    const { rank, difference, is_best, is_tied, origin, why } = row
    const shown: CheckpointRow = {
      ...faceOf(checkpoint, face, job),
      values,
      train_loss,
      loss_gap: lossGap({ eval_loss, train_loss }, job.loss_scale),
      value: row.value ?? (metric === null ? null : (ownValue(values, metric) ?? null)),
      ...{ rank, difference, is_best, is_tied, origin },
      why_not: is_best ? null : (why ?? selection.reason),
    }
    return [shown]
  })
}

/** If nothing decides, no checkpoint has a rank. */
const UNRANKED = {
  ...{ rank: null, value: null, difference: null, origin: null, why: undefined },
  ...{ is_best: false, is_tied: false },
}

/** A job's checkpoints by step; empty if there is no such job. */
export async function listCheckpoints(db: Database, job_id: string): Promise<CheckpointRow[]> {
  return (await checkpointsOf(db, job_id))?.checkpoints ?? []
}

function faceOf(
  checkpoint: StoredCheckpoint,
  face: CheckpointFace,
  { job_id, output_dir }: JobRow,
) {
  const { checkpoint_id, attempt, step, epoch, path, files_state, files_why, pinned } = checkpoint
  const { role, bytes, checked_at, saved_at, kind, base, digest } = face
  return {
    ...{ checkpoint_id, job_id, attempt, step, epoch, role },
    path,
    absolute_path: absolutePath(output_dir, path),
    ...{ files_state, files_why, bytes, checked_at, saved_at, kind, base, digest, pinned },
  }
}
