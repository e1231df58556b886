import { type FilesState, figure, type Measured, type Selection } from '@bestmark/core'
import type { Database } from './client.ts'
import { evaluationsOf } from './evaluations.ts'
import { inRoot } from './root.ts'
import type { JobRow } from './schema.ts'
import { decidedOf, type StoredCheckpoint } from './selection.ts'
import { trainLosses } from './trainLoss.ts'

/** A checkpoint as people see it: its files, its evaluation, and how it stands in the selection. */
export interface CheckpointRow {
  checkpoint_id: string
  job_id: string
  attempt: number
  step: number | null
  epoch: number | null
  /** Absolute, where the run's folder stands now. */
  path: string
  /** Relative to the run's folder. */
  name: string
  role: string | null
  files_state: FilesState
  files_why: string | null
  bytes: number | null
  checked_at: number | null
  saved_at: number | null
  /** Its own evaluation; empty where there is none. */
  values: Record<string, Measured>
  /** The nearest earlier training loss of its attempt. */
  train_loss: Measured
  /** Its value in the metric that decides. */
  value: Measured
  is_best: boolean
  /** Why it is not the best, null for the best. */
  why_not: string | null
}

/** A job's checkpoints by step, and the decision over them. */
export interface CheckpointList {
  checkpoints: CheckpointRow[]
  selection: Selection
}

/** The checkpoints of a job with the decision of the same moment; undefined without such a job. */
export async function checkpointsOf(
  db: Database,
  job_id: string,
): Promise<CheckpointList | undefined> {
  const decided = await decidedOf(db, job_id)
  if (!decided) return undefined
  const { job, selection, checkpoints: stored } = decided
  const evaluations = new Map(
    evaluationsOf(decided.evaluations).map((one) => [`${one.attempt}:${one.step}`, one.values]),
  )
  const losses = await trainLosses(db, job_id, stored)
  const places = placesIn(selection)
  const rows = stored.map((checkpoint): CheckpointRow => {
    const { checkpoint_id, attempt, step } = checkpoint
    const values = { ...evaluations.get(`${attempt}:${step}`) }
    const is_best = checkpoint_id === selection.best?.checkpoint_id
    const metric = selection.metric
    return {
      ...faceOf(checkpoint, job),
      values,
      train_loss: losses.get(checkpoint_id) ?? null,
      value: metric === null ? null : (values[metric] ?? null),
      is_best,
      why_not: is_best ? null : (places.get(checkpoint_id) ?? selection.reason),
    }
  })
  return { checkpoints: rows, selection }
}

/** A job's checkpoints by step; none where there is no such job. */
export async function listCheckpoints(db: Database, job_id: string): Promise<CheckpointRow[]> {
  return (await checkpointsOf(db, job_id))?.checkpoints ?? []
}

function faceOf(checkpoint: StoredCheckpoint, { job_id, output_dir }: JobRow) {
  const { checkpoint_id, attempt, step, epoch, path, role } = checkpoint
  const { files_state, files_why, bytes, checked_at, saved_at } = checkpoint
  return {
    ...{ checkpoint_id, job_id, attempt, step, epoch, role },
    path: inRoot(output_dir, path),
    name: path,
    ...{ files_state, files_why, bytes, checked_at, saved_at },
  }
}

const PLACES = ['best', 'second', 'third', 'fourth', 'fifth']

/** Why each checkpoint is not the best: its place and distance, or why it was passed over. */
function placesIn({ ranking, passed_over, best }: Selection): Map<string | null, string> {
  const places = new Map<string | null, string>()
  for (const { checkpoint_id, text } of passed_over) places.set(checkpoint_id, text)
  ranking.forEach(({ checkpoint_id, value }, index) => {
    const place = PLACES[index] ?? `place ${index + 1}`
    places.set(checkpoint_id, `${place}: ${distance(value - (best?.value ?? NaN))}`)
  })
  return places
}

function distance(difference: number): string {
  if (difference === 0) return 'equal, but the first of equals is taken'
  return `${difference > 0 ? '+' : '−'}${figure(Math.abs(difference))}`
}
