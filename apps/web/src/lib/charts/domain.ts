/** The two finite ends of an axis; the second is clearly larger than the first. */
export type Domain = [number, number]

/** The largest end of an axis: its span and margin are still finite. */
const FARTHEST = Number.MAX_VALUE / 16

/**
 * The smallest span of an axis, as a share of its larger end. A double has about 16 digits; ticks
 * need some of them, and the pixels between ticks need more.
 */
const LEAST_SHARE = 1e-10

/** The smallest span of an axis near zero: for steps, epochs or seconds, and for values. */
const LEAST = { positions: 1e-12, values: 1e-300 }

/** The nearest position that an axis can have; NaN if the position is not finite. */
export function inReach(position: number): number {
  return Number.isFinite(position) ? Math.min(FARTHEST, Math.max(-FARTHEST, position)) : NaN
}

/**
 * A requested window as a valid axis: in order, in range and wide enough; null if it is not a span.
 */
export function windowOf(a: number, b: number): Domain | null {
  const [low, high] = a < b ? [a, b] : [b, a]
  if (!Number.isFinite(low) || !Number.isFinite(high) || low === high) return null
  const [from, to] = [inReach(low), inReach(high)]
  return isFlat(from, to, LEAST.positions) ? around(from) : [from, to]
}

/** From the first position to the last; a span around a single one, or a default for none. */
export function positionDomain(positions: readonly number[]): Domain {
  const ends = endsOf(positions)
  if (!ends) return [0, 1]
  const [from, to] = ends
  if (!isFlat(from, to, LEAST.positions)) return [from, to]
  return Math.abs(from) * LEAST_SHARE < 0.5 ? [from - 0.5, to + 0.5] : around(from)
}

/** The span of values with a small margin; on a logarithmic axis the values are above 0. */
export function valuesDomain(values: readonly number[], log: boolean): Domain {
  const ends = endsOf(values)
  if (!ends) return log ? [0.1, 1] : [0, 1]
  const [low, high] = ends
  const flat = isFlat(low, high, LEAST.values)
  if (log) {
    const room = flat ? 2 : 1.05
    const least = Math.max(LEAST.values, low / room)
    return [least, Math.max(2 * least, high * room)]
  }
  const air = flat ? Math.abs(low) * 0.1 : (high - low) * 0.05
  return air < LEAST.values ? [low - 0.5, high + 0.5] : [low - air, high + air]
}

/** Whether two positions are too close to be distinguished on an axis. */
function isFlat(low: number, high: number, least: number): boolean {
  const size = Math.max(Math.abs(low), Math.abs(high))
  return high - low < Math.max(least, size * LEAST_SHARE)
}

function endsOf(positions: readonly number[]): Domain | null {
  let [low, high] = [Infinity, -Infinity]
  for (const position of positions) {
    if (!Number.isFinite(position)) continue
    low = Math.min(low, inReach(position))
    high = Math.max(high, inReach(position))
  }
  return low <= high ? [low, high] : null
}

function around(position: number): Domain {
  const half = Math.max(Math.abs(position) * LEAST_SHARE, LEAST.positions)
  return [position - half, position + half]
}
