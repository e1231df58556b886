import { clipped } from './clip.ts'
import { inReach } from './domain.ts'
import type { Point } from './point.ts'

/** Columns of equal length: positions on the horizontal axis, values, steps. */
export interface Columns {
  xs: Float64Array
  values: Float64Array
  steps: Float64Array
}

/** The drawable parts of a series: unbroken runs of points, and the gaps between them. */
export interface Drawn {
  segments: Point[][]
  /** Positions of NaN and ±Infinity; `y` is the last finite value before, or NaN if there is none. */
  gaps: Point[]
  /** Values that a logarithmic scale cannot show. */
  hidden: number
}

/**
 * Splits the part of a series inside [from, to] into unbroken runs that reach the edges. Each of
 * `columns` columns has about four points at most.
 */
export function draw(
  { xs, values, steps }: Columns,
  [from, to]: readonly [number, number],
  columns: number,
  log: boolean,
): Drawn {
  const [first, last] = visible(xs, from, to)
  const drawn: Drawn = { segments: [], gaps: [], hidden: 0 }
  const width = (to - from) / columns
  let segment: Point[] = []
  let finite = NaN
  for (let index = first; index <= last; index += 1) {
    const point = { x: xs[index] ?? NaN, y: values[index] ?? NaN, step: steps[index] ?? NaN }
    if (!Number.isFinite(point.x)) continue
    const shown = Number.isFinite(point.y) && !(log && point.y <= 0)
    if (shown) {
      finite = inReach(point.y)
      segment.push({ ...point, y: finite })
      continue
    }
    if (Number.isFinite(point.y)) drawn.hidden += Number(point.x >= from && point.x <= to)
    else addGap(drawn.gaps, { ...point, y: finite }, width)
    if (segment.length > 0) drawn.segments.push(segment)
    segment = []
  }
  if (segment.length > 0) drawn.segments.push(segment)
  drawn.segments = drawn.segments.flatMap((run) => {
    const inside = clipped(run, [from, to], log)
    return inside.length > 0 ? [inside] : []
  })
  if (last - first > 4 * columns) {
    drawn.segments = drawn.segments.map((run) => thinned(run, from, width))
  }
  return drawn
}

/** The first and last index to draw; `xs` must rise. */
function visible(xs: Float64Array, from: number, to: number): [number, number] {
  const first = Math.max(0, lowerBound(xs, from) - 1)
  let last = Math.min(xs.length - 1, lowerBound(xs, to))
  while (last + 1 < xs.length && xs[last] === xs[last + 1]) last += 1
  return [first, last]
}

/** The index of the first element that is at least `position`; `xs` must rise. */
export function lowerBound(xs: Float64Array, position: number): number {
  let low = 0
  let high = xs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] ?? NaN) < position) low = middle + 1
    else high = middle
  }
  return low
}

function addGap(gaps: Point[], gap: Point, width: number) {
  const before = gaps.at(-1)
  if (!before || gap.x - before.x >= width) gaps.push(gap)
}

/** First, lowest, highest and last of each column, in order. */
function thinned(run: Point[], from: number, width: number): Point[] {
  const kept: Point[] = []
  for (let start = 0; start < run.length;) {
    const column = Math.floor(((run[start]?.x ?? 0) - from) / width)
    let end = start
    while (end < run.length && Math.floor(((run[end]?.x ?? 0) - from) / width) === column) end += 1
    kept.push(...extremes(run.slice(start, end)))
    start = end
  }
  return kept
}

function extremes(points: Point[]): Point[] {
  if (points.length <= 4) return points
  const lowest = points.reduce((low, point) => (point.y < low.y ? point : low))
  const highest = points.reduce((high, point) => (point.y > high.y ? point : high))
  const kept = new Set([points[0], lowest, highest, points.at(-1)])
  return points.filter((point) => kept.has(point))
}
