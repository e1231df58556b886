import type { Criteria } from './conditions.ts'
import type { Checkpoint, Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { bestEvaluation, type BestEvaluation } from './candidates.ts'
import { isBetter } from '../metric/direction.ts'
import { figure } from '../metric/figure.ts'
import type { MissedBest, Skipped, Ranked } from './selection.ts'

/** An evaluation better than the best checkpoint: it has no checkpoint, or one that cannot be shipped. */
export interface BetterEvaluation {
  missed_best: MissedBest | null
  /** Why the checkpoint of the better evaluation was skipped. */
  unshippable_best: string | null
}

/** The evaluation that is better than the best shippable checkpoint. O(evaluations + checkpoints). */
export function betterEvaluation(
  given: { evaluations: readonly Evaluation[]; checkpoints: readonly Checkpoint[] },
  criteria: Criteria,
  direction: Direction,
  found: { best: Ranked | null; skipped: readonly Skipped[] },
): BetterEvaluation {
  const top = bestEvaluation(given.evaluations, criteria, direction)
  const { best } = found
  if (!top || (best && !isBetter(top.value, best.value, direction))) {
    return { missed_best: null, unshippable_best: null }
  }
  const isThere = given.checkpoints.some(hasStepOf(top.evaluation))
  const skippedBest = isThere ? found.skipped.find(hasStepOf(top.evaluation)) : undefined
  return {
    missed_best: isThere ? null : missedBest(top, best),
    unshippable_best: skippedBest?.text ?? null,
  }
}

function hasStepOf({ attempt, step }: Evaluation) {
  return (of: { attempt: number; step: number | null }): boolean =>
    of.attempt === attempt && of.step === step
}

function missedBest({ evaluation, value }: BestEvaluation, best: Ranked | null): MissedBest {
  const { attempt, step } = evaluation
  const shippable = best
    ? `the best you can ship is step ${best.step} at ${figure(best.value)}`
    : 'no evaluated checkpoint can be shipped'
  const text = `Step ${step} reached ${figure(value)}, but no checkpoint was found there: ${shippable}`
  return { attempt, step, value, text }
}
