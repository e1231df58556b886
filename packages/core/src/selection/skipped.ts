import type { Checkpoint, Evaluation } from '../run/rows.ts'
import { isFiniteMeasure } from '../measured.ts'
import { mayBeWhole } from '../run/filesState.ts'
import type { Criteria } from './conditions.ts'
import { brokenCondition } from './conditions.ts'
import { measureOf } from '../metric/evaluations.ts'
import { figure, grouped } from '../metric/figure.ts'
import type { Skipped } from './selection.ts'

/** Why a checkpoint cannot be compared: its files first, then its evaluation. */
export function skippedCheckpoint(
  checkpoint: Checkpoint,
  evaluation: Evaluation | undefined,
  criteria: Criteria,
): Skipped {
  const { checkpoint_id, attempt, step, path } = checkpoint
  const [reason, text] =
    byFiles(checkpoint, evaluation, criteria) ??
    byStepless(checkpoint) ??
    byEvaluation(checkpoint, evaluation, criteria)
  return { checkpoint_id, attempt, step, path, reason, text }
}

type Why = [reason: Skipped['reason'], text: string]

function byFiles(
  { path, files_state, files_why }: Checkpoint,
  evaluation: Evaluation | undefined,
  { metric }: Criteria,
): Why | undefined {
  const because = files_why ? `: ${files_why}` : ''
  if (mayBeWhole(files_state)) return undefined
  if (files_state === 'writing') return ['writing', `${path} is still being written${because}`]
  const value = evaluation && measureOf(evaluation, metric)
  const lostValue = isFiniteMeasure(value) ? ` (${metric} ${figure(value)})` : ''
  return [files_state, `the files of ${path} are ${files_state}${because}${lostValue}`]
}

function byStepless({ step, path }: Checkpoint): Why | undefined {
  if (step !== null) return undefined
  return ['no_step', `${path} has no step number, so it cannot be compared`]
}

function byEvaluation(
  { step }: Checkpoint,
  evaluation: Evaluation | undefined,
  { metric, conditions }: Criteria,
): Why {
  if (!evaluation) {
    return ['no_evaluation', `no evaluation at step ${grouped(step)}, so it cannot be compared`]
  }
  if (metric === '') return ['no_metric', 'no metric decides, so it cannot be compared']
  const value = measureOf(evaluation, metric)
  if (value === undefined || value === null) {
    return ['no_metric', `the evaluation at step ${grouped(step)} has no ${metric}`]
  }
  if (!isFiniteMeasure(value))
    return ['not_finite', `${metric} is ${String(value)} at step ${grouped(step)}`]
  return ['condition', conditionWords(evaluation, conditions)]
}

/** Why an evaluation cannot win; undefined if it does not have the metric at all. */
export function skippedEvaluation(
  evaluation: Evaluation,
  checkpoint: Checkpoint | undefined,
  { metric, conditions }: Criteria,
): Skipped | undefined {
  const value = measureOf(evaluation, metric)
  if (value === undefined) return undefined
  const { attempt, step } = evaluation
  const { checkpoint_id = null, path = null } = checkpoint ?? {}
  const over = { checkpoint_id, attempt, step, path }
  if (isFiniteMeasure(value)) {
    return { ...over, reason: 'condition', text: conditionWords(evaluation, conditions) }
  }
  const text = `${metric} is ${String(value ?? 'missing')} at step ${grouped(step)}`
  return { ...over, reason: 'not_finite', text }
}

/** A finite value is skipped only because of a condition. */
function conditionWords(evaluation: Evaluation, conditions: Criteria['conditions']): string {
  return brokenCondition(evaluation, conditions) ?? 'it cannot be compared'
}
