import { inReach } from './domain.ts'

/** A small curve in a box of the given size; positions are pixels from the top left. */
export interface Spark {
  path: string
  best: { x: number; y: number } | null
  gaps: { x: number; y: number }[]
}

/** Prepares the small curve of a job's row, with a ring at `best_step` if the curve reaches it. */
export function prepareSpark(
  { steps, values }: { steps: Float64Array; values: Float64Array },
  best_step: number | null,
  [width, height]: readonly [number, number],
): Spark {
  const [low, high] = rangeOf(values)
  const [from, to] = [steps[0] ?? 0, steps.at(-1) ?? 1]
  const x = (step: number) => tenth(to > from ? ((step - from) / (to - from)) * width : width / 2)
  const y = (value: number) =>
    tenth(high > low ? height - ((inReach(value) - low) / (high - low)) * height : height / 2)
  const spark: Spark = { path: '', best: null, gaps: [] }
  let level = height / 2
  let pen = 'M'
  steps.forEach((step, index) => {
    const value = values[index] ?? NaN
    if (!Number.isFinite(value)) {
      spark.gaps.push({ x: x(step), y: level })
      pen = 'M'
      return
    }
    level = y(value)
    spark.path += `${pen}${x(step)} ${level}`
    pen = 'L'
  })
  const value = best_step === null ? NaN : valueAt({ steps, values }, best_step)
  if (best_step !== null && Number.isFinite(value)) spark.best = { x: x(best_step), y: y(value) }
  return spark
}

/** The value of a curve at a step, between its points if the thinned curve has none there; else NaN. */
function valueAt(
  { steps, values }: { steps: Float64Array; values: Float64Array },
  step: number,
): number {
  const at = steps.findIndex((one) => one >= step)
  const [after = NaN, high = NaN] = [steps[at], values[at]]
  if (after === step) return high
  const [before = NaN, low = NaN] = [steps[at - 1], values[at - 1]]
  return low + ((step - before) / (after - before)) * (high - low)
}

function rangeOf(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    low = Math.min(low, inReach(value))
    high = Math.max(high, inReach(value))
  }
  return [low, high]
}

function tenth(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
