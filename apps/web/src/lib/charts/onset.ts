import { lowerBound, type Columns } from './line.ts'

/** Evaluations after the lowest before a rise is called one. */
const ENOUGH = 3

/**
 * The step after which eval loss rises while train loss falls, or null. Said only when at least
 * three evaluations followed the lowest, the last of them lies highest or nearly so (in the upper
 * half of what was regained), and train loss has gone on falling.
 */
export function overfittingOnset(train: Columns, evaluation: Columns): number | null {
  const lowest = lowestIndex(evaluation.values)
  const after = evaluation.values.subarray(lowest + 1).filter(Number.isFinite)
  const low = evaluation.values[lowest]
  const last = after.at(-1)
  if (low === undefined || last === undefined || after.length < ENOUGH) return null
  if (last - low < (Math.max(...after) - low) / 2 || last <= low) return null
  const step = evaluation.steps[lowest] ?? NaN
  return trainAt(train, Infinity) < trainAt(train, step) ? step : null
}

function lowestIndex(values: Float64Array): number {
  let lowest = -1
  values.forEach((value, index) => {
    if (Number.isFinite(value) && (lowest < 0 || value < (values[lowest] ?? NaN))) lowest = index
  })
  return lowest
}

/** Mean of the last five finite train losses up to a step, NaN where there is none. */
function trainAt({ steps, values }: Columns, step: number): number {
  const end = step === Infinity ? steps.length : lowerBound(steps, step + 1)
  const recent = values.subarray(0, end).filter(Number.isFinite).slice(-5)
  return recent.reduce((sum, value) => sum + value, 0) / recent.length
}
