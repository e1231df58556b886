import type { Judged } from './conditions.ts'
import type { Checkpoint, Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { bestEvaluation, type BestEvaluation } from './candidates.ts'
import { isBetter } from '../metric/direction.ts'
import { figure } from '../metric/figure.ts'
import type { MissedBest, PassedOver, Ranked } from './selection.ts'

/** A better evaluation than that of the best checkpoint: either nothing was saved there, or it cannot be shipped. */
export interface Beaten {
  missed_best: MissedBest | null
  /** Why the better weights were passed over, where they were saved. */
  lost_best: string | null
}

/** What is better than the strictly best that can be shipped. O(evaluations + checkpoints). */
export function beatenBy(
  given: { evaluations: readonly Evaluation[]; checkpoints: readonly Checkpoint[] },
  judged: Judged,
  direction: Direction,
  found: { best: Ranked | null; passed_over: readonly PassedOver[] },
): Beaten {
  const top = bestEvaluation(given.evaluations, judged, direction)
  const { best } = found
  if (!top || (best && !isBetter(top.value, best.value, direction))) {
    return { missed_best: null, lost_best: null }
  }
  const isThere = given.checkpoints.some(sameWeights(top.evaluation))
  const lost = isThere ? found.passed_over.find(sameWeights(top.evaluation)) : undefined
  return { missed_best: isThere ? null : missedBest(top, best), lost_best: lost?.text ?? null }
}

function sameWeights({ attempt, step }: Evaluation) {
  return (of: { attempt: number; step: number | null }): boolean =>
    of.attempt === attempt && of.step === step
}

function missedBest({ evaluation, value }: BestEvaluation, best: Ranked | null): MissedBest {
  const { attempt, step } = evaluation
  const shippable = best
    ? `the best you can ship is step ${best.step} at ${figure(best.value)}`
    : 'no evaluated checkpoint can be shipped'
  const text = `Step ${step} reached ${figure(value)}, but no checkpoint was saved there: ${shippable}`
  return { attempt, step, value, text }
}
