/**
 * A named stream that a run logs, as three columns of equal length in order of arrival. `steps` are
 * optimiser steps, `times` milliseconds since the epoch (NaN if unknown).
 */
export interface Series {
  steps: Float64Array
  values: Float64Array
  times: Float64Array
}

/** About how many points of a series are kept per attempt, once its raw points are removed. */
export const KEPT_POINTS = 1_000

/** Picks points by index, in the order given. */
export function pick(series: Series, indices: readonly number[]): Series {
  const column = (values: Float64Array): Float64Array =>
    Float64Array.from(indices, (index) => values[index] ?? NaN)
  return {
    steps: column(series.steps),
    values: column(series.values),
    times: column(series.times),
  }
}

/**
 * Thins a series to about `points` points for drawing. Some points always stay, so there may be
 * more: the first, last, lowest and highest of every stretch, the ends of its non-finite values,
 * and the points at `pinned` steps. O(n).
 */
export function thin(series: Series, points: number, pinned: Iterable<number> = []): Series {
  const n = series.values.length
  if (n <= points) return series
  const kept = new Set([0, n - 1])
  const stretch = n / Math.max(1, Math.floor(points / 2))
  for (let from = 0; from < n; from += stretch) {
    keepExtremes(series.values, Math.floor(from), Math.min(n, Math.floor(from + stretch)), kept)
  }
  const pins = new Set(pinned)
  series.steps.forEach((step, index) => {
    if (pins.has(step)) kept.add(index)
  })
  return pick(
    series,
    [...kept].sort((a, b) => a - b),
  )
}

/** Keeps the lowest and highest of a stretch of values, and the ends of its non-finite values. */
export function keepExtremes(
  values: Float64Array,
  from: number,
  to: number,
  kept: Set<number>,
): void {
  let low: number | undefined
  let high: number | undefined
  let firstGap: number | undefined
  let lastGap: number | undefined
  for (let index = from; index < to; index++) {
    const value = values[index] ?? NaN
    if (!Number.isFinite(value)) {
      firstGap ??= index
      lastGap = index
      continue
    }
    if (low === undefined || value < (values[low] ?? NaN)) low = index
    if (high === undefined || value > (values[high] ?? NaN)) high = index
  }
  for (const index of [low, high, firstGap, lastGap]) {
    if (index !== undefined) kept.add(index)
  }
}

/**
 * Exponential moving average without the bias of the start (as in Adam). Weight 0 does not change
 * the values, weights near 1 smooth more. Non-finite values stay, and do not affect later values.
 * `stands` is how many logged points each value represents after thinning; by default one.
 */
export function smooth(values: Float64Array, weight: number, stands?: Float64Array): Float64Array {
  let average = 0
  let mass = 0
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value
    const past = stands ? weight ** (stands[index] ?? 1) : weight
    average = past * average + (1 - past) * value
    mass = past * mass + (1 - past)
    return average / mass
  })
}

/**
 * How many logged points each point of a thinned series represents, by the gaps between its steps;
 * undefined if nothing was thinned. `count` is the number of points before thinning.
 */
export function standsFor(steps: Float64Array, count: number): Float64Array | undefined {
  const gap = ((steps.at(-1) ?? 0) - (steps[0] ?? 0)) / (count - 1)
  if (count <= steps.length || !(gap > 0)) return undefined
  return steps.map((step, index) => Math.max(1, (step - (steps[index - 1] ?? step)) / gap))
}
