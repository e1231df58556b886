import {
  type CheckpointKind,
  explain,
  type Explanation,
  explanationTable,
  type FilesState,
  lossGap,
  type LossGap,
  type Measured,
  type RunContext,
  select,
  type Selection,
  decisionOf,
  stepKey,
  type TableRow,
  type TrainingJobStatus,
  ownValue,
} from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { absolutePath } from '../values/root.ts'
import { runContext } from './runContext.ts'
import { statusOf } from '../rows/job.ts'
import type { JobRow } from '../schema.ts'
import { snapshot } from '../rows/snapshot.ts'
import { type DecidingRows, decidingRows, type StoredCheckpoint } from './selection.ts'

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

/** A job's checkpoints by step, the decision over them, and its explanation. */
export interface CheckpointList {
  /** The job's status at the same moment, and its revision. */
  status: TrainingJobStatus
  revision: number
  checkpoints: CheckpointRow[]
  selection: Selection
  explanation: Explanation
}

/**
 * The checkpoints of a job with the decision of the same moment; undefined if there is no such job.
 */
export async function checkpointsOf(
  db: Database,
  job_id: string,
): Promise<CheckpointList | undefined> {
  const read = await snapshot(db, async (tx) => {
    const rows = await decidingRows(tx, job_id)
    return rows && { rows, context: await runContext(tx, rows) }
  })
  if (!read) return undefined
  const { rows, context } = read
  const decision = decisionOf(rows.input)
  const selection = select(rows.input, decision)
  const explanation = explain(rows.input, context, selection, decision)
  const { revision } = rows.job
  const checkpoints = facesOf(rows, context, selection)
  return { status: statusOf(rows.job), revision, checkpoints, selection, explanation }
}

function facesOf(
  { job, checkpoints, input }: DecidingRows,
  { trainLoss }: RunContext,
  selection: Selection,
): CheckpointRow[] {
  const { metric } = selection
  const measured = new Map(
    input.evaluations.map((evaluation) => [stepKey(evaluation), evaluation.values]),
  )
  const rows = new Map(explanationTable(selection).map((row) => [row.checkpoint_id, row]))
  return checkpoints.map((checkpoint): CheckpointRow => {
    const { checkpoint_id, attempt, step } = checkpoint
    const values = { ...measured.get(stepKey(checkpoint)) }
    const row = rows.get(checkpoint_id) ?? UNRANKED
    const train_loss = step === null ? null : (trainLoss?.({ attempt, step }) ?? null)
    const eval_loss = ownValue(values, 'eval_loss') ?? null
    const { rank, difference, is_best, is_tied, origin, why } = row
    return {
      ...faceOf(checkpoint, job),
      values,
      train_loss,
      loss_gap: lossGap({ eval_loss, train_loss }, job.loss_scale),
      value: row.value ?? (metric === null ? null : (ownValue(values, metric) ?? null)),
      ...{ rank, difference, is_best, is_tied, origin },
      why_not: is_best ? null : (why ?? selection.reason),
    }
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

function faceOf(checkpoint: StoredCheckpoint, { job_id, output_dir }: JobRow) {
  const { checkpoint_id, attempt, step, epoch, path, role } = checkpoint
  const { files_state, files_why, bytes, checked_at, saved_at } = checkpoint
  const { kind, base, digest, pinned } = checkpoint
  return {
    ...{ checkpoint_id, job_id, attempt, step, epoch, role },
    path,
    absolute_path: absolutePath(output_dir, path),
    ...{ files_state, files_why, bytes, checked_at, saved_at, kind, base, digest, pinned },
  }
}
