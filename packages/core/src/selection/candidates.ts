import type { Direction } from '../event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { isBetter } from './direction.ts'
import { measureOf, weightsKey } from './evaluations.ts'
import type { Checkpoint, Evaluation, PassedOver, Ranked } from './selection.ts'

/** What can be compared, and what was passed over and why. */
export interface Field {
  candidates: Ranked[]
  passed_over: PassedOver[]
}

/**
 * Checkpoints that exist, are complete, and have a finite value of the metric measured with their
 * own weights (the same attempt and step). O(checkpoints + evaluations).
 */
export function checkpointField(
  checkpoints: readonly Checkpoint[],
  evaluations: readonly Evaluation[],
  metric: string,
): Field {
  const byWeights = new Map(evaluations.map((evaluation) => [weightsKey(evaluation), evaluation]))
  const field: Field = { candidates: [], passed_over: [] }
  for (const checkpoint of checkpoints) {
    const evaluation = byWeights.get(weightsKey(checkpoint))
    const value = evaluation && measureOf(evaluation, metric)
    if (evaluation && checkpoint.files_state === 'complete' && isFiniteMeasure(value)) {
      const { checkpoint_id, path } = checkpoint
      field.candidates.push(ranked(evaluation, value, checkpoint_id, path))
    } else {
      field.passed_over.push(passedOver(checkpoint, evaluation, metric))
    }
  }
  return field
}

/** Every finite evaluation, whether or not its weights were saved. */
export function evaluationField(
  checkpoints: readonly Checkpoint[],
  evaluations: readonly Evaluation[],
  metric: string,
): Field {
  const byWeights = new Map(checkpoints.map((checkpoint) => [weightsKey(checkpoint), checkpoint]))
  const field: Field = { candidates: [], passed_over: [] }
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, metric)
    const checkpoint = byWeights.get(weightsKey(evaluation))
    if (isFiniteMeasure(value)) {
      const saved = checkpoint?.files_state === 'complete' ? checkpoint : null
      const { checkpoint_id = null, path = null } = saved ?? {}
      field.candidates.push(ranked(evaluation, value, checkpoint_id, path))
    } else if (value !== undefined) {
      const { attempt, step } = evaluation
      const text = `${metric} is ${String(value ?? 'missing')} at step ${step}`
      const where = {
        checkpoint_id: checkpoint?.checkpoint_id ?? null,
        path: checkpoint?.path ?? null,
      }
      field.passed_over.push({ ...where, attempt, step, reason: 'not_finite', text })
    }
  }
  return field
}

function ranked(
  evaluation: Evaluation,
  value: number,
  checkpoint_id: string | null,
  path: string | null,
): Ranked {
  const { attempt, step, epoch, origin } = evaluation
  const eval_loss = measureOf(evaluation, 'eval_loss') ?? null
  return { checkpoint_id, attempt, step, epoch, path, value, score: null, eval_loss, origin }
}

function passedOver(
  checkpoint: Checkpoint,
  evaluation: Evaluation | undefined,
  metric: string,
): PassedOver {
  const { checkpoint_id, attempt, step, path, files_state, files_why } = checkpoint
  const over = (reason: PassedOver['reason'], text: string): PassedOver => {
    return { checkpoint_id, attempt, step, path, reason, text }
  }
  const because = files_why ? `: ${files_why}` : ''
  if (files_state === 'writing') return over('writing', `${path} is still being written${because}`)
  if (files_state !== 'complete') {
    const value = evaluation && measureOf(evaluation, metric)
    const lost = isFiniteMeasure(value) ? ` (${metric} ${figure(value)})` : ''
    return over(files_state, `the files of ${path} are ${files_state}${because}${lost}`)
  }
  if (step === null)
    return over('no_step', `${path} does not tell its step, so it cannot be compared`)
  if (!evaluation) {
    return over('no_evaluation', `no evaluation at step ${step}, so it cannot be compared`)
  }
  const value = measureOf(evaluation, metric)
  if (value === undefined || value === null) {
    return over('no_metric', `the evaluation at step ${step} has no ${metric}`)
  }
  return over('not_finite', `${metric} is ${value} at step ${step}`)
}

/** A value as sentences show it: 5 significant digits, no trailing zeros. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(5)))
}

/**
 * Best first: strictly by value in the metric's direction; ties by step, then attempt, then arrival.
 */
export function rank(candidates: readonly Ranked[], direction: Direction): Ranked[] {
  const sign = direction === 'min' ? 1 : -1
  return [...candidates].sort(
    (a, b) => sign * (a.value - b.value) || a.step - b.step || a.attempt - b.attempt,
  )
}

/** An evaluation and its finite value of the deciding metric. */
export interface BestEvaluation {
  evaluation: Evaluation
  value: number
}

/** The first of the best evaluations, saved or not; undefined where none is finite. O(evaluations). */
export function bestEvaluation(
  evaluations: readonly Evaluation[],
  metric: string,
  direction: Direction,
): BestEvaluation | undefined {
  let best: BestEvaluation | undefined
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, metric)
    if (isFiniteMeasure(value) && (!best || isBetter(value, best.value, direction))) {
      best = { evaluation, value }
    }
  }
  return best
}
