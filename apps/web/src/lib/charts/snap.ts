import type { Chart, Line } from './chart.ts'
import { lowerBound } from './line.ts'
import type { Point } from './point.ts'

/** A logged step under the pointer or the keyboard, with the point of each line there. */
export interface Snap {
  x: number
  step: number
  points: { name: string; kind: Line['kind']; point: Point }[]
}

/** The point nearest to a position on the horizontal axis, or null if there is none. */
export function snapTo(chart: Chart, x: number): Snap | null {
  const candidates = chart.lines.flatMap((line) => nearest(line, x, chart.x))
  const hit = candidates.reduce<Point | null>(
    (best, point) => (!best || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best),
    null,
  )
  return hit && snapAt(chart, hit.x, hit.step)
}

/** The next (+1) or previous (-1) stop; stops are evaluations, or logged points without evaluations. */
export function nextStop(chart: Chart, from: Snap | null, by: number): Snap | null {
  const line = stopsOf(chart)
  if (!line) return null
  const { xs, steps } = line.columns
  const [first, last] = [lowerBound(xs, chart.x[0]), upperBound(xs, chart.x[1]) - 1]
  if (last < first) return null
  const before = from ? lowerBound(xs, from.x) : by > 0 ? first - 1 : last + 1
  const onStop = !from || xs[before] === from.x
  const wanted = before + (by > 0 && !onStop ? by - 1 : by)
  const index = Math.min(last, Math.max(first, wanted))
  return snapAt(chart, xs[index] ?? NaN, steps[index] ?? NaN)
}

/** The stop at a step, such as that of the best checkpoint. */
export function snapAt(chart: Chart, x: number, step: number): Snap {
  const points = chart.lines.flatMap((line) => {
    const index = upperBound(line.columns.xs, x) - 1
    const point = pointAt(line, index)
    return point ? [{ name: line.name, kind: line.kind, point }] : []
  })
  return { x, step, points }
}

function stopsOf(chart: Chart): Line | undefined {
  return (
    chart.lines.find((line) => line.kind === 'evaluation' && line.columns.xs.length > 0) ??
    chart.lines[0]
  )
}

function upperBound(xs: Float64Array, x: number): number {
  let index = lowerBound(xs, x)
  while (xs[index] === x) index += 1
  return index
}

function nearest(line: Line, x: number, [from, to]: [number, number]): Point[] {
  const after = lowerBound(line.columns.xs, x)
  return [after - 1, after].flatMap((index) => {
    const point = pointAt(line, index)
    return point && point.x >= from && point.x <= to ? [point] : []
  })
}

function pointAt({ columns }: Line, index: number): Point | null {
  const x = columns.xs[index]
  if (x === undefined) return null
  return { x, y: columns.values[index] ?? NaN, step: columns.steps[index] ?? NaN }
}
