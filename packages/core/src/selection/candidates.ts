import { byStep } from '../run/keys.ts'
import type { Checkpoint, Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { brokenCondition, type Criteria } from './conditions.ts'
import { isBetter } from '../metric/direction.ts'
import { detailOf, finder, measureOf } from '../metric/evaluations.ts'
import { skippedCheckpoint } from './skipped.ts'
import type { Skipped, Ranked } from './selection.ts'

/** The candidates, and the skipped ones with their reasons. */
export interface Candidates {
  candidates: Ranked[]
  skipped: Skipped[]
}

/**
 * Checkpoints that are complete, have a finite value of the metric at the same attempt and step,
 * and meet every condition. `evaluations` are in order of step. O(checkpoints + evaluations) if the
 * checkpoints are in order of step too.
 */
export function checkpointCandidates(
  checkpoints: readonly Checkpoint[],
  evaluations: readonly Evaluation[],
  criteria: Criteria,
): Candidates {
  const { metric, conditions } = criteria
  const evaluationOf = finder(evaluations)
  const field: Candidates = { candidates: [], skipped: [] }
  for (const checkpoint of checkpoints) {
    const evaluation = evaluationOf(checkpoint)
    const value = evaluation && measureOf(evaluation, metric)
    const isCandidate =
      evaluation &&
      checkpoint.files_state === 'complete' &&
      isFiniteMeasure(value) &&
      !brokenCondition(evaluation, conditions)
    if (isCandidate) field.candidates.push(ranked(evaluation, value, metric, checkpoint))
    else field.skipped.push(skippedCheckpoint(checkpoint, evaluation, criteria))
  }
  field.skipped.sort(bySteplessLast)
  return field
}

function bySteplessLast(a: Skipped, b: Skipped): number {
  const step = ({ step }: Skipped): number => step ?? Number.MAX_VALUE
  return step(a) - step(b) || a.attempt - b.attempt
}

/** Every finite evaluation that meets the conditions, with or without a checkpoint. */
export function evaluationCandidates(
  checkpoints: readonly Checkpoint[],
  evaluations: readonly Evaluation[],
  { metric, conditions }: Criteria,
): Candidates {
  const saved = checkpoints.filter((one): one is Checkpoint & { step: number } => one.step !== null)
  const checkpointOf = finder([...saved].sort(byStep))
  const field: Candidates = { candidates: [], skipped: [] }
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, metric)
    if (value === undefined) continue
    const checkpoint = checkpointOf(evaluation)
    const { attempt, step } = evaluation
    const { checkpoint_id = null, path = null } = checkpoint ?? {}
    const over = { checkpoint_id, attempt, step, path }
    const broken = brokenCondition(evaluation, conditions)
    if (!isFiniteMeasure(value)) {
      const text = `${metric} is ${String(value ?? 'missing')} at step ${step}`
      field.skipped.push({ ...over, reason: 'not_finite', text })
    } else if (broken) {
      field.skipped.push({ ...over, reason: 'condition', text: broken })
    } else {
      const files = checkpoint?.files_state === 'complete' ? checkpoint : null
      field.candidates.push(ranked(evaluation, value, metric, files))
    }
  }
  return field
}

function ranked(
  evaluation: Evaluation,
  value: number,
  metric: string,
  checkpoint: Checkpoint | null,
): Ranked {
  const { attempt, step, epoch } = evaluation
  const { checkpoint_id = null, path = null } = checkpoint ?? {}
  const eval_loss = measureOf(evaluation, 'eval_loss') ?? null
  const { origin } = detailOf(evaluation, metric)
  return { checkpoint_id, attempt, step, epoch, path, value, score: null, eval_loss, origin }
}

/**
 * Best first: strictly by value in the metric's direction; ties by step, then attempt, then arrival.
 */
export function rank(candidates: readonly Ranked[], direction: Direction): Ranked[] {
  const sign = direction === 'min' ? 1 : -1
  const inOrder = candidates.toSorted(byStep)
  // Arrays of numbers sort several times faster than rows.
  const values = Float64Array.from(inOrder, ({ value }) => sign * value)
  const order = Uint32Array.from(inOrder.keys())
  order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b)
  return Array.from(order, (index) => inOrder[index]).filter((one) => one !== undefined)
}

/** An evaluation and its finite value of the deciding metric. */
export interface BestEvaluation {
  evaluation: Evaluation
  value: number
}

/**
 * The first of the best evaluations that meet the conditions, with or without a checkpoint;
 * undefined if no value is finite. O(evaluations).
 */
export function bestEvaluation(
  evaluations: readonly Evaluation[],
  { metric, conditions }: Criteria,
  direction: Direction,
): BestEvaluation | undefined {
  let best: BestEvaluation | undefined
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, metric)
    if (!isFiniteMeasure(value)) continue
    if (best && !isBetter(value, best.value, direction)) continue
    if (!brokenCondition(evaluation, conditions)) best = { evaluation, value }
  }
  return best
}
