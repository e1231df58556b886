import { snapshot } from '../rows/snapshot.ts'
import {
  type Claim,
  type Declaration,
  type EventOf,
  readMeasured,
  type RunFacts,
  select,
  type Selection,
  type SelectionInput,
  decisionOf,
  stateFacts,
  trackerStateOf,
} from '@bestmark/core'
import { eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { checkpointRows, type StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import { type EvaluationRow, evaluationRows, evaluationsOf } from '../rows/evaluationRows.ts'
import type { Tx } from '../rows/job.ts'
import { absolutePath } from '../values/root.ts'
import { type JobRow, trainingJobs } from '../schema.ts'
import { storeCurve } from '../series/curves.ts'
import { namedSeries } from '../series/namedSeries.ts'
import { trainLossOf } from '../series/trainLoss.ts'

/** All inputs of a selection. */
export interface DecidingRows {
  job: JobRow
  evaluations: EvaluationRow[]
  checkpoints: StoredCheckpoint[]
  input: SelectionInput
}

/** The decision over a job's checkpoints, from its rows; undefined if there is no such job. */
export async function selectionOf(db: Database, job_id: string): Promise<Selection | undefined> {
  return snapshot(db, async (tx) => {
    const rows = await decidingRows(tx, job_id)
    return rows && select(rows.input)
  })
}

/** The rows that decide for a job; undefined if there is no such job. */
export async function decidingRows(tx: Tx, job_id: string): Promise<DecidingRows | undefined> {
  const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.job_id, job_id))
  return job && decidingRowsOf(tx, job)
}

/** The rows that decide for a job whose row is read. */
export async function decidingRowsOf(tx: Tx, job: JobRow): Promise<DecidingRows> {
  const stored = (await checkpointRows(tx, [job.job_id])).get(job.job_id) ?? []
  const rows = (await evaluationRows(tx, [job.job_id])).get(job.job_id) ?? []
  const input = inputOf(job, rows, stored)
  // Only this policy uses the training losses, so other policies do not read them.
  if (job.selection_policy === 'scored') {
    input.trainLoss = await trainLossOf(tx, job.job_id, [...rows, ...stored])
  }
  input.training = await namedSeries(tx, job.job_id, input)
  return { job, evaluations: rows, checkpoints: stored, input }
}

/** The inputs of a selection, except the training series. */
export function inputOf(
  job: JobRow,
  evaluations: readonly EvaluationRow[],
  checkpoints: readonly StoredCheckpoint[],
): SelectionInput {
  return {
    policy: job.selection_policy,
    options: job.policy_options,
    declaration: declarationOf(job),
    claim: claimOf(job),
    save_steps: job.save_steps,
    evaluations: evaluationsOf(evaluations),
    checkpoints,
  }
}

/**
 * Decides again and writes `best_*`, which nothing else writes. The caller holds the job's lock.
 * Returns the facts that depend on the evaluations of the deciding metric.
 */
export async function reselect(tx: Tx, job: JobRow): Promise<Partial<RunFacts>> {
  const { input, evaluations } = await decidingRowsOf(tx, job)
  const { best, metric, direction, reason } = select(input)
  const set = {
    best_eval_loss: best?.eval_loss ?? null,
    best_epoch: best?.epoch ?? null,
    best_step: best?.step ?? null,
    best_checkpoint_path: best?.path ? absolutePath(job.output_dir, best.path) : null,
    best_checkpoint_id: best?.checkpoint_id ?? null,
    best_metric: best?.value ?? null,
    best_metric_name: best ? metric : null,
    best_reason: best ? reason : null,
  }
  const here = eq(trainingJobs.job_id, job.job_id)
  await tx.update(trainingJobs).set(set).where(here).prepare('select_best').execute()
  await storeCurve(tx, job.job_id, evaluations)
  // A score measured after training does not change the state of the training.
  const logged = evaluations.filter(({ scored_by }) => scored_by === null)
  const isLogged = metric === null || evaluations.some((row) => row.metric === metric)
  const measured = isLogged ? eventsOf(logged) : aggregated(input, logged)
  const { min_delta = 0 } = job.policy_options
  const state = trackerStateOf(measured, metric ?? 'eval_loss', direction ?? 'min', min_delta)
  const facts = stateFacts(state)
  // If the direction is unknown, no evaluation counts as an improvement.
  return direction ? facts : { loss_trend: facts.loss_trend, ...UNKNOWN }
}

const UNKNOWN = { evaluations_without_improvement: null, best_evaluation_epoch: null }

export function declarationOf(job: JobRow): Declaration {
  const { declared_metric: metric, declared_direction: direction, declared_by } = job
  const { metric_is_inferred, metric_directions: directions } = job
  return { metric, direction, declared_by, metric_is_inferred, directions }
}

export function claimOf({ claim }: JobRow): Claim | null {
  return claim && { ...claim, value: readMeasured(claim.value) ?? null }
}

const WITHOUT_DETAILS = { origin: null, lines: {}, directions: {}, scored_by: null }

/** Stored rows as events, one event per row and metric; the tracker state uses no times. */
function eventsOf(rows: readonly EvaluationRow[]): EventOf<'evaluation'>[] {
  return rows.map(({ attempt, step, epoch, metric, value, samples }) => {
    const values = { [metric]: value }
    return {
      type: 'evaluation',
      attempt,
      step,
      epoch,
      at: null,
      values,
      samples,
      ...WITHOUT_DETAILS,
    }
  })
}

/** Events in order of step, with the value that combines several metrics. */
function aggregated(
  input: SelectionInput,
  rows: readonly EvaluationRow[],
): EventOf<'evaluation'>[] {
  const { evaluations } = decisionOf({ ...input, evaluations: evaluationsOf(rows) })
  return evaluations.map(({ attempt, step, epoch, values }) => {
    return {
      type: 'evaluation',
      attempt,
      step,
      epoch,
      at: null,
      values,
      samples: null,
      ...WITHOUT_DETAILS,
    }
  })
}
