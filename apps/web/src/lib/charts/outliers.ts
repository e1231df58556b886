import type { Domain } from './domain.ts'

/** The largest share of the values that an axis may leave out; of few values it may be one. */
const SHARE = 0.01
/** With fewer values than this, none is left out: each may matter. */
const FEWEST = 20
/** A value is left out only if the span becomes at least this many times smaller. */
const WORTH = 10

/**
 * The span of the values without the few that would flatten all others, such as one spike of 1,000
 * in a loss of 2 to 4; null if there are none. Values that are not finite, or that a logarithmic
 * axis cannot show, do not count. O(n log n).
 */
export function spanWithoutOutliers(values: Iterable<number>, log: boolean): Domain | null {
  const sorted = Float64Array.from([...values].filter((value) => isShown(value, log))).sort()
  if (sorted.length < FEWEST) return null
  const heights = log ? sorted.map(Math.log) : sorted
  const at = (index: number): number => heights[index] ?? NaN
  let [low, high] = [0, sorted.length - 1]
  const whole = at(high) - at(low)
  if (!(whole > 0)) return null
  const most = Math.max(1, Math.floor(sorted.length * SHARE))
  for (let left = 0; left < most; left += 1) {
    // The end with the larger gap to its neighbour goes first.
    const [below, above] = [at(low + 1) - at(low), at(high) - at(high - 1)]
    if (below > above) low += 1
    else high -= 1
    const span = at(high) - at(low)
    // A value near the others, as in the steep beginning of a curve, is not an outlier.
    const isApart = Math.max(below, above) >= span
    if (isApart && span * WORTH <= whole) return [sorted[low] ?? NaN, sorted[high] ?? NaN]
  }
  return null
}

function isShown(value: number, log: boolean): boolean {
  return Number.isFinite(value) && (!log || value > 0)
}
