import { isOneScale, NO_LOSSES } from '../run/lossScale.ts'
import { lossPoints, overfittingOnset } from './curve.ts'
import { bestEvaluation } from '../selection/candidates.ts'
import { isFiniteMeasure } from '../measured.ts'
import { isBetter, isLoss } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { measureOf } from '../metric/evaluations.ts'
import type { LossTurn, Note, Reading, ExplanationInput } from './explanation.ts'
import { note } from './note.ts'
import { decisiveMetrics } from './choices.ts'
import { grouped } from '../metric/figure.ts'

/** Where eval_loss turned while the training loss still fell; null if it did not. */
export function lossTurn(given: ExplanationInput): LossTurn | null {
  const { evaluations, context } = given
  if (!isOneScale(context.loss_scale ?? NO_LOSSES)) return null
  const step = overfittingOnset(lossPoints(evaluations, attemptOf(given), context.trainLoss))
  if (step === null) return null
  const bests = taskBests(given)
  const later = bests.find((one) => one.step > step) ?? null
  const worse = bests.find((one) => one.step <= step && one.isWorse)
  return {
    ...{ step, later: later && { metric: later.metric, step: later.step } },
    worse: worse ? { metric: worse.metric, step: worse.step } : null,
  }
}

/** The best evaluation of each task metric, saved or not, and whether its last value is worse. */
function taskBests({ evaluations }: ExplanationInput) {
  return decisiveMetrics(evaluations).flatMap((metric) => {
    const direction = directionOf(metric)
    if (!direction || isLoss(metric)) return []
    const top = bestEvaluation(evaluations, { metric, conditions: [] }, direction)
    if (!top) return []
    const last = evaluations.map((one) => measureOf(one, metric)).findLast(isFiniteMeasure)
    const isWorse = last !== undefined && isBetter(top.value, last, direction)
    return [{ metric, step: top.evaluation.step, isWorse }]
  })
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
    ? `metrics disagree: ${later.metric} is best at step ${grouped(later.step)}`
    : 'overfitting: the training loss still falls'
  const shown = { value: step, text: String(step), remark, origin: null }
  return [{ name: 'overfitting_onset', label: 'eval loss rises after step', ...shown }]
}

/**
 * The same as a note. It is a warning if no task metric improved later. If one did, the metrics
 * disagree: that neither proves nor rules out overfitting.
 */
export function overfittingNotes(turn: LossTurn | null): Note[] {
  if (!turn) return []
  const { step, later, worse } = turn
  const since = `After step ${grouped(step)} eval_loss rises while the training loss falls`
  if (!later) return [note('overfitting', 'warning', `${since}: the run overfits.`)]
  const too = worse ? `, and ${worse.metric} is worse than at step ${grouped(worse.step)}` : ''
  const text = `${since}${too}, but ${later.metric} is best at step ${grouped(later.step)}. The metrics disagree about overfitting.`
  return [note('loss_rises', worse ? 'warning' : 'note', text)]
}
