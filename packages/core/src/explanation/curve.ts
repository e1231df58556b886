import { isFiniteMeasure, type Measured } from '../measured.ts'
import type { RunContext } from '../run/context.ts'
import { measureOf } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'

/** An evaluation loss with the training loss before it. */
export interface LossPoint {
  step: number
  eval_loss: number
  train_loss: Measured
}

/** The finite evaluation losses of one attempt, in order of step. */
export function lossPoints(
  evaluations: readonly Evaluation[],
  attempt: number,
  trainLoss: RunContext['trainLoss'] = () => null,
): LossPoint[] {
  return evaluations.flatMap((one) => {
    const eval_loss = measureOf(one, 'eval_loss')
    if (one.attempt !== attempt || !isFiniteMeasure(eval_loss)) return []
    return [{ step: one.step, eval_loss, train_loss: trainLoss(one) }]
  })
}

/** How many evaluations must follow the lowest before a rise counts. */
const ENOUGH = 3

/**
 * The step after which eval_loss rises while the training loss falls; null if there is none. Three
 * evaluations must follow the lowest. The last must be in the upper half of the rise, and the
 * training loss must still fall.
 */
export function overfittingOnset(points: readonly LossPoint[]): number | null {
  const lowest = lowestIndex(points)
  const low = points[lowest]
  const after = points.slice(lowest + 1)
  const last = after.at(-1)
  if (!low || !last || after.length < ENOUGH) return null
  const highest = after.reduce((top, { eval_loss }) => Math.max(top, eval_loss), -Infinity)
  if (last.eval_loss <= low.eval_loss) return null
  if (last.eval_loss - low.eval_loss < (highest - low.eval_loss) / 2) return null
  return trainedTo(points) < trainedTo(points.slice(0, lowest + 1)) ? low.step : null
}

function lowestIndex(points: readonly LossPoint[]): number {
  let lowest = 0
  points.forEach(({ eval_loss }, index) => {
    if (eval_loss < (points[lowest]?.eval_loss ?? NaN)) lowest = index
  })
  return lowest
}

/** The mean of the last three training losses; NaN if there are none. */
function trainedTo(points: readonly LossPoint[]): number {
  const losses = points.map(({ train_loss }) => train_loss).filter(isFiniteMeasure)
  const recent = losses.slice(-3)
  return recent.reduce((sum, loss) => sum + loss, 0) / recent.length
}
