import type { Criteria } from './conditions.ts'
import type { Checkpoint, Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { bestEvaluation, type BestEvaluation } from './candidates.ts'
import { isBetter } from '../metric/direction.ts'
import { figure, grouped } from '../metric/figure.ts'
import type { MissedBest, Ranked } from './selection.ts'
import { skippedCheckpoint } from './skipped.ts'

/** An evaluation better than the best checkpoint: it has no checkpoint, or one that cannot be shipped. */
export interface BetterEvaluation {
  missed_best: MissedBest | null
  /** Why the checkpoint of the better evaluation was skipped. */
  unshippable_best: string | null
}

export const NONE_BETTER: BetterEvaluation = { missed_best: null, unshippable_best: null }

/** The evaluation that is better than the best shippable checkpoint. O(evaluations + checkpoints). */
export function betterEvaluation(
  given: { evaluations: readonly Evaluation[]; checkpoints: readonly Checkpoint[] },
  criteria: Criteria,
  direction: Direction,
  best: Ranked | null,
): BetterEvaluation {
  const top = bestEvaluation(given.evaluations, criteria, direction)
  if (!top || (best && !isBetter(top.value, best.value, direction))) {
    return NONE_BETTER
  }
  // A checkpoint there was skipped: otherwise it would be the best.
  const there = given.checkpoints.find(hasStepOf(top.evaluation))
  return {
    missed_best: there ? null : missedBest(top, best),
    unshippable_best: there ? skippedCheckpoint(there, top.evaluation, criteria).text : null,
  }
}

function hasStepOf({ attempt, step }: Evaluation) {
  return (of: { attempt: number; step: number | null }): boolean =>
    of.attempt === attempt && of.step === step
}

function missedBest({ evaluation, value }: BestEvaluation, best: Ranked | null): MissedBest {
  const { attempt, step } = evaluation
  const shippable = best
    ? `the best you can ship is step ${grouped(best.step)} at ${figure(best.value)}`
    : 'no evaluated checkpoint can be shipped'
  const text = `Step ${grouped(step)} reached ${figure(value)}, but no checkpoint was found there: ${shippable}`
  return { attempt, step, value, text }
}
