import { isOneScale, NO_LOSSES } from '../run/lossScale.ts'
import { lossPoints, overfittingOnset } from './curve.ts'
import { bestEvaluation } from '../selection/candidates.ts'
import { directionOf, isLoss } from '../metric/direction.ts'
import type { LossTurn, Note, Reading, ExplanationInput } from './explanation.ts'
import { note } from './note.ts'
import { decisiveMetrics } from './choices.ts'

/** Where eval_loss turned while the training loss still fell; null if it did not. */
export function lossTurn(given: ExplanationInput): LossTurn | null {
  const { evaluations, context } = given
  if (!isOneScale(context.loss_scale ?? NO_LOSSES)) return null
  const step = overfittingOnset(lossPoints(evaluations, attemptOf(given), context.trainLoss))
  if (step === null) return null
  return { step, later: laterOf(given, step) }
}

/** The first task metric whose best evaluation, saved or not, comes after a step. */
function laterOf({ evaluations }: ExplanationInput, step: number): LossTurn['later'] {
  for (const metric of decisiveMetrics(evaluations)) {
    const direction = directionOf(metric)
    if (!direction || isLoss(metric)) continue
    const top = bestEvaluation(evaluations, { metric, conditions: [] }, direction)
    if (top && top.evaluation.step > step) return { metric, step: top.evaluation.step }
  }
  return null
}

/** The attempt whose curve is used: that of the chosen checkpoint, otherwise the last. */
function attemptOf({ selection, evaluations }: ExplanationInput): number {
  const last = evaluations.reduce((most, { attempt }) => Math.max(most, attempt), 0)
  return selection.best?.attempt ?? last
}

/** The step after which the loss rises, and whether that is called overfitting. */
export function overfittingReadings(turn: LossTurn | null): Reading[] {
  if (!turn) return []
  const { step, later } = turn
  const remark = later
    ? `not overfitting: ${later.metric} is best at step ${later.step}`
    : 'overfitting: the training loss still falls'
  const shown = { value: step, text: String(step), remark, origin: null }
  return [{ name: 'overfitting_onset', label: 'eval loss rises after step', ...shown }]
}

/** The same as a note. It is a warning if no task metric improved later. */
export function overfittingNotes(turn: LossTurn | null): Note[] {
  if (!turn) return []
  const { step, later } = turn
  const since = `After step ${step} eval_loss rises while the training loss falls`
  if (!later) return [note('overfitting', 'warning', `${since}: the run overfits.`)]
  const text = `${since}, but ${later.metric} is best at step ${later.step}, so this is not overfitting.`
  return [note('loss_rises', 'note', text)]
}
