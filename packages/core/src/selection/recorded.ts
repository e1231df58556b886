import type { Direction } from '../run/event.ts'
import { isFiniteMeasure } from '../measured.ts'
import { bestEvaluation } from './candidates.ts'
import { isBetter } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { measureOf } from '../metric/evaluations.ts'
import type { Claim, Evaluation } from '../run/rows.ts'

/** The metric that the trainer used, as its record shows. */
export interface RecordedMetric {
  metric: string
  /** The direction in which no logged value beats the record, if there is exactly one. */
  direction: Direction | undefined
  declared_by: string
}

/**
 * The metric whose value equals the recorded best bit for bit: at the recorded step, otherwise at
 * any step (the pointer may be stale). O(evaluations × metrics).
 */
export function recordedMetric(
  claim: Claim,
  evaluations: readonly Evaluation[],
  names: readonly string[],
): RecordedMetric | undefined {
  const { value } = claim
  if (claim.metric !== null) {
    return { metric: claim.metric, direction: undefined, declared_by: "the trainer's record" }
  }
  if (!isFiniteMeasure(value)) return undefined
  const equalling = (among: readonly Evaluation[]): string[] =>
    names.filter((name) => among.some((evaluation) => measureOf(evaluation, name) === value))
  const atStep = equalling(evaluations.filter(({ step }) => step === claim.step))
  const matches = atStep.length > 0 ? atStep : equalling(evaluations)
  const metric = matches.includes('eval_loss')
    ? 'eval_loss'
    : (matches.find((name) => isRecordAt(name, claim.step, evaluations)) ?? matches[0])
  if (metric === undefined) return undefined
  return {
    metric,
    direction: directionByRecord(metric, value, evaluations),
    declared_by: `the trainer's record (it recorded this ${metric} as its best)`,
  }
}

/** Whether a metric first reached its best at this step. */
function isRecordAt(
  metric: string,
  step: number | null,
  evaluations: readonly Evaluation[],
): boolean {
  const direction = directionOf(metric)
  const criteria = { metric, conditions: [] }
  const top = direction && bestEvaluation(evaluations, criteria, direction)
  return top !== undefined && top.evaluation.step === step
}

/**
 * The direction in which no logged value beats the recorded one; undefined if that is true for both
 * or none.
 */
export function directionByRecord(
  metric: string,
  value: number,
  evaluations: readonly Evaluation[],
): Direction | undefined {
  const unbeaten = (direction: Direction): boolean =>
    evaluations.every((evaluation) => {
      const other = measureOf(evaluation, metric)
      return !isFiniteMeasure(other) || !isBetter(other, value, direction)
    })
  const [min, max] = [unbeaten('min'), unbeaten('max')]
  return min === max ? undefined : min ? 'min' : 'max'
}
