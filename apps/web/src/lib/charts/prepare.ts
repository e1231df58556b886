import { smooth, standsFor, type Series } from '@bestmark/core'
import { positionOn } from './axis.ts'
import type { Chart, ChartInput, Clipped, Line, NamedSeries, Turn } from './chart.ts'
import { inReach, positionDomain, valuesDomain, windowOf } from './domain.ts'
import { draw, lowerBound, type Columns } from './line.ts'
import { spanWithoutOutliers } from './outliers.ts'
import { markAt, ticksOf, tiedOf } from './marks.ts'
import type { Point } from './point.ts'

const MOST_DOTS = 250

/** Decides what a chart shows; does not draw it. */
export function prepareChart(request: ChartInput): Chart {
  const isMachine =
    request.series.length > 0 && request.series.every(({ kind }) => kind === 'system')
  const input = isMachine ? overTime(request) : request
  const { view } = input
  const start = startOf(input.series)
  const position = positionOn(view.axis, input.epochs, start)
  // Evaluations are drawn over logged series.
  const inOrder = input.series.toSorted(
    (a, b) => Number(a.kind === 'evaluation') - Number(b.kind === 'evaluation'),
  )
  const placed = inOrder.map((series) => ({
    series,
    columns: columnsOf(series, position),
    earlier: (series.earlier ?? []).map((one) => columnsOf(one, position)),
  }))
  const whole = positionDomain(placed.flatMap(endsOf))
  const x = (view.window && windowOf(...view.window)) ?? whole
  const lines = placed.map((one) => lineOf(one, x, input))
  const stepTimes = timesByStep(input.series)
  const at = (step: number) => inReach(position(step, stepTimes.get(step) ?? NaN))
  const best = shownMark(markAt(input.best_step, lines, at, x), view.log)
  const tied = tiedOf(input.checkpoints, lines, at, x).filter(({ y }) => !view.log || y > 0)
  // The axis includes the marks even if it leaves out the line between them.
  const marks = [...tied, ...(best ? [best] : [])].map(({ y }) => y)
  const span = view.clip ? spanWithoutOutliers(measuredValues(lines, x), view.log) : null
  const y = valuesDomain([...(span ?? shownValues(lines, x)), ...marks], view.log)
  return {
    axis: view.axis,
    log: view.log,
    x,
    whole,
    y,
    lines,
    ticks: ticksOf(input.checkpoints, at, x, input.width),
    best,
    tied,
    onset: onsetAt(input.turn, lines, at, x),
    clipped: span && clippedOf(lines, x, y, view.log),
    hidden: lines.reduce((sum, line) => sum + line.hidden, 0),
  }
}

/** System metrics are sampled over time, so a step has no position among them. */
function overTime(input: ChartInput): ChartInput {
  const { view } = input
  const window = view.axis === 'time' ? view.window : null
  const nothing = { checkpoints: [], best_step: null, turn: null }
  return { ...input, ...nothing, view: { ...view, axis: 'time', window } }
}

/** The first and last step inside a window of the axis, or null if it has no point. */
export function stepsWithin(
  { series, epochs, view }: Pick<ChartInput, 'series' | 'epochs' | 'view'>,
  window: readonly [number, number],
): [number, number] | null {
  const position = positionOn(view.axis, epochs, startOf(series))
  const [from, to] = [Math.min(...window), Math.max(...window)]
  const inside = series.flatMap(({ steps, times }) =>
    [...steps].filter((step, index) => {
      const x = position(step, times[index] ?? NaN)
      return x >= from && x <= to
    }),
  )
  if (inside.length === 0) return null
  return inside.reduce(
    ([low, high], step) => [Math.min(low, step), Math.max(high, step)],
    [Infinity, -Infinity],
  )
}

function startOf(series: readonly NamedSeries[]): number {
  const firsts = series.map(({ times }) => times[0] ?? NaN).filter(Number.isFinite)
  return firsts.length > 0 ? Math.min(...firsts) : NaN
}

function columnsOf(series: Series, position: (step: number, time: number) => number): Columns {
  const xs = series.steps.map((step, index) => inReach(position(step, series.times[index] ?? NaN)))
  return { xs, values: series.values, steps: series.steps }
}

/** The first and last position of a series. Positions rise within a series. */
function endsOf({ columns, earlier }: SeriesColumns): number[] {
  return [columns, ...earlier].flatMap(({ xs }) => [xs[0] ?? NaN, xs.at(-1) ?? NaN])
}

/** A series with its positions on the horizontal axis. */
interface SeriesColumns {
  series: NamedSeries
  columns: Columns
  earlier: Columns[]
}

function lineOf(
  { series, columns, earlier }: SeriesColumns,
  x: [number, number],
  input: ChartInput,
): Line {
  const { log, smoothing } = input.view
  const measured = draw(columns, x, input.width, log)
  const averaged = series.kind !== 'evaluation' && smoothing > 0
  const shown = averaged
    ? draw({ ...columns, values: smoothed(series, smoothing) }, x, input.width, log)
    : measured
  const points = measured.segments.flat().filter(({ step }) => Number.isFinite(step))
  return {
    ...measured,
    segments: shown.segments,
    name: series.name,
    kind: series.kind,
    raw: averaged ? measured.segments : [],
    earlier: earlier.flatMap((one) => draw(one, x, input.width, log).segments),
    dots: series.kind === 'evaluation' && points.length <= MOST_DOTS ? points : [],
    last: lastInView(columns, shown.segments, x),
    columns,
  }
}

/** Smooths as if no point were thinned: each counts for the points that were thinned before it. */
function smoothed({ steps, values, count = 0 }: NamedSeries, weight: number): Float64Array {
  return smooth(values, weight, standsFor(steps, count))
}

function lastInView({ xs, values }: Columns, segments: Point[][], [, to]: [number, number]) {
  const y = segments.flat().findLast((point) => point.x <= to)?.y
  const value = values[xs.findLastIndex((x) => x <= to)]
  return y === undefined || value === undefined ? null : { value, y }
}

/** The drawn values inside the window. */
function shownValues(lines: Line[], [from, to]: [number, number]): number[] {
  return lines
    .flatMap((line) => [...line.segments, ...line.raw, ...line.earlier].flat())
    .filter((point) => point.x >= from && point.x <= to)
    .map(({ y }) => y)
}

function measuredValues(lines: readonly Line[], x: [number, number]): number[] {
  return lines.flatMap((line) => pointsIn(line, x)).map(({ y }) => y)
}

function pointsIn({ columns: { xs, values } }: Line, [from, to]: [number, number]) {
  const points: { x: number; y: number }[] = []
  const end = xs.findLastIndex((x) => x <= to)
  for (let index = lowerBound(xs, from); index <= end; index += 1) {
    points.push({ x: xs[index] ?? NaN, y: values[index] ?? NaN })
  }
  return points
}

/** The values in the window that the axis leaves out; null if there are none. */
function clippedOf(
  lines: readonly Line[],
  x: [number, number],
  [low, high]: [number, number],
  log: boolean,
): Clipped | null {
  const outside = lines
    .flatMap((line) => pointsIn(line, x))
    .filter(({ y }) => Number.isFinite(y) && (y < low || y > high) && (!log || y > 0))
  if (outside.length === 0) return null
  const values = outside.map(({ y }) => y)
  return {
    count: outside.length,
    lowest: Math.min(...values),
    highest: Math.max(...values),
    positions: outside.map((point) => ({ x: point.x, isAbove: point.y > high })),
  }
}

/** A mark whose value the axis cannot show has a position, but no height. */
function shownMark(mark: Point | null, log: boolean): Point | null {
  return mark && { ...mark, y: log && mark.y <= 0 ? NaN : inReach(mark.y) }
}

function timesByStep(series: readonly NamedSeries[]): Map<number, number> {
  const times = new Map<number, number>()
  for (const one of series)
    one.steps.forEach((step, index) => times.set(step, one.times[index] ?? NaN))
  return times
}

/** The turn is drawn on the curve that it belongs to, if that curve is shown. */
function onsetAt(
  turn: Turn | null | undefined,
  lines: Line[],
  at: (step: number) => number,
  x: [number, number],
): Chart['onset'] {
  if (!turn || !lines.some((line) => line.name === 'eval_loss')) return null
  const point = markAt(turn.step, lines, at, x)
  return point && { ...point, word: turn.word }
}
