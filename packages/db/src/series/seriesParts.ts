import type { Series } from '@bestmark/core'

/** Requested steps, both ends included. */
export interface Window {
  from_step: number
  to_step: number
}

export const EMPTY: Series = {
  steps: new Float64Array(),
  values: new Float64Array(),
  times: new Float64Array(),
}

/** The points of a series whose steps lie in a window. */
export function cut(series: Series, { from_step, to_step }: Window): Series {
  const inside = (step: number): boolean => step >= from_step && step <= to_step
  if (series.steps.every(inside)) return series
  const column = (numbers: Float64Array): Float64Array =>
    numbers.filter((_, index) => inside(series.steps[index] ?? NaN))
  return {
    steps: column(series.steps),
    values: column(series.values),
    times: column(series.times),
  }
}

/** Series one after the other. */
export function concatenate(parts: readonly Series[]): Series {
  const length = parts.reduce((sum, { steps }) => sum + steps.length, 0)
  const whole: Series = {
    steps: new Float64Array(length),
    values: new Float64Array(length),
    times: new Float64Array(length),
  }
  let at = 0
  for (const part of parts) {
    whole.steps.set(part.steps, at)
    whole.values.set(part.values, at)
    whole.times.set(part.times, at)
    at += part.steps.length
  }
  return whole
}
