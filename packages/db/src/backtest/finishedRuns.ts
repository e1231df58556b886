import { type BacktestRun, mayBeWhole } from '@bestmark/core'
import { and, asc, count, desc, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import type { StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import { type EvaluationRow, evaluationRows, evaluationsOf } from '../rows/evaluationRows.ts'
import type { Tx } from '../rows/job.ts'
import type { Losses } from '../series/lossFinder.ts'
import { checkpoints, evaluations, type JobRow, trainingJobs } from '../schema.ts'
import { snapshot } from '../rows/snapshot.ts'
import { claimOf, declarationOf } from '../selection/selection.ts'
import { storable } from '../values/storable.ts'
import { trainLosses } from '../series/trainLoss.ts'

/** A finished run as plain data. */
export interface FinishedRun extends Omit<BacktestRun, 'context'> {
  losses: Losses
}

export interface FinishedRuns {
  runs: FinishedRun[]
  /** How many there are; more than `runs` if only the newest are read. */
  found: number
}

/** The limit of one backtest. */
export const MOST = { jobs: 1_000, values: 200_000 }
/** With fewer complete checkpoints than this, the policies choose between the evaluations. */
const FEWEST_WHOLE = 4

/**
 * The finished jobs of the board, or of a project, that measured something, newest first; each
 * project is a group. Reads one moment in few queries; if there are many, only the newest.
 */
export async function finishedRuns(
  db: Database,
  project?: string,
  most = MOST,
): Promise<FinishedRuns> {
  return snapshot(db, async (tx) => {
    const measured = await measuredJobs(tx, project)
    const ids = newest(measured, most)
    if (ids.length === 0) return { runs: [], found: 0 }
    const jobs = await tx.select().from(trainingJobs).where(inArray(trainingJobs.job_id, ids))
    const valuesBy = await evaluationRows(tx, ids)
    const saved = await checkpointsIn(tx, ids)
    const losses = await trainLosses(tx, [...valuesBy.values()].flat())
    const savedBy = Map.groupBy(saved, ({ job_id }) => job_id)
    const byId = new Map(jobs.map((job) => [job.job_id, job]))
    const runs = ids.flatMap((job_id) => {
      const job = byId.get(job_id)
      if (!job) return []
      const [values, kept] = [valuesBy.get(job_id) ?? [], savedBy.get(job_id) ?? []]
      return [{ ...runOf(job, values, kept), losses: losses.get(job_id) ?? new Map() }]
    })
    return { runs, found: measured.length }
  })
}

/** Jobs that have ended and are not deleted. */
export function finished(project: string | undefined) {
  const { status, project: named, deleted_at } = trainingJobs
  const ended = inArray(status, ['completed', 'failed', 'stopped'])
  return and(
    ended,
    isNull(deleted_at),
    project === undefined ? undefined : eq(named, storable(project)),
  )
}

async function measuredJobs(
  tx: Tx,
  project: string | undefined,
): Promise<{ job_id: string; values: number }[]> {
  const { job_id, registered_at } = trainingJobs
  return tx
    .select({ job_id, values: count() })
    .from(trainingJobs)
    .innerJoin(evaluations, and(eq(evaluations.job_id, job_id), eq(evaluations.repeat, 0)))
    .where(finished(project))
    .groupBy(job_id)
    .orderBy(desc(registered_at), asc(job_id))
}

function newest(
  measured: readonly { job_id: string; values: number }[],
  most: typeof MOST,
): string[] {
  let values = 0
  const within = measured.slice(0, most.jobs).filter((job) => {
    values += job.values
    return values <= most.values
  })
  return within.map(({ job_id }) => job_id)
}

async function checkpointsIn(tx: Tx, ids: readonly string[]): Promise<StoredCheckpoint[]> {
  const { job_id, step, attempt, path } = checkpoints
  return tx
    .select()
    .from(checkpoints)
    .where(inArray(job_id, [...ids]))
    .orderBy(asc(job_id), asc(step), asc(attempt), asc(path))
}

function runOf(
  job: JobRow,
  values: readonly EvaluationRow[],
  saved: StoredCheckpoint[],
): Omit<FinishedRun, 'losses'> {
  const whole = saved.filter(({ files_state, step }) => mayBeWhole(files_state) && step !== null)
  const rows = {
    declaration: declarationOf(job),
    claim: claimOf(job),
    save_steps: job.save_steps,
    evaluations: evaluationsOf(values),
    checkpoints: saved,
  }
  const among = whole.length >= FEWEST_WHOLE ? 'checkpoints' : 'evaluations'
  return { name: job.name, group: job.project, rows, among }
}
