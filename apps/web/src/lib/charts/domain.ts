/** The ends of an axis: finite, and the second lies well above the first. */
export type Domain = [number, number]

/** The farthest from zero that an axis reaches: spans and air of such ends are still finite. */
const FARTHEST = Number.MAX_VALUE / 16

/**
 * The least span of an axis, of its larger end. A double has about 16 digits; ticks need some, and
 * the pixels between them need more.
 */
const LEAST_SHARE = 1e-10

/** The least span of an axis at zero: of steps, epochs or seconds, and of values. */
const LEAST = { positions: 1e-12, values: 1e-300 }

/** The nearest position to a finite one that an axis reaches; NaN for what is none. */
export function inReach(position: number): number {
  return Number.isFinite(position) ? Math.min(FARTHEST, Math.max(-FARTHEST, position)) : NaN
}

/** What was asked for as an axis can show it: in order, in reach and wide enough; null for what is no span. */
export function windowOf(a: number, b: number): Domain | null {
  const [low, high] = a < b ? [a, b] : [b, a]
  if (!Number.isFinite(low) || !Number.isFinite(high) || low === high) return null
  const [from, to] = [inReach(low), inReach(high)]
  return isFlat(from, to, LEAST.positions) ? around(from) : [from, to]
}

/** From the first position to the last; of one position, or none, a span around it. */
export function positionDomain(positions: readonly number[]): Domain {
  const ends = endsOf(positions)
  if (!ends) return [0, 1]
  const [from, to] = ends
  if (!isFlat(from, to, LEAST.positions)) return [from, to]
  return Math.abs(from) * LEAST_SHARE < 0.5 ? [from - 0.5, to + 0.5] : around(from)
}

/** The span of values with a little air; the values of a logarithmic axis lie above 0. */
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

/** Whether two positions lie too near to one another to be told apart on an axis. */
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
