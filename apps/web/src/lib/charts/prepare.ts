import { smooth, type Series } from '@bestmark/core'
import { placeOn } from './axis.ts'
import type { Chart, ChartInput, Line, NamedSeries, Turn } from './chart.ts'
import { draw, type Columns, type Point } from './line.ts'
import { markAt, ticksOf, tiedOf } from './marks.ts'

const MOST_DOTS = 250

/** Decides what a chart shows; draws nothing. */
export function prepareChart(input: ChartInput): Chart {
  const { view } = input
  const start = startOf(input.series)
  const place = placeOn(view.axis, input.epochs, start)
  // What was evaluated is drawn over what was logged.
  const inOrder = input.series.toSorted(
    (a, b) => Number(a.kind === 'evaluation') - Number(b.kind === 'evaluation'),
  )
  const placed = inOrder.map((series) => ({ series, columns: columnsOf(series, place) }))
  const x = view.window ? ordered(view.window) : extent(placed.map(({ columns }) => columns.xs))
  const lines = placed.map(({ series, columns }) => lineOf(series, columns, x, input))
  const stepTimes = timesByStep(input.series)
  const at = (step: number) => place(step, stepTimes.get(step) ?? NaN)
  return {
    axis: view.axis,
    log: view.log,
    x,
    y: valueDomain(lines, x, view.log),
    lines,
    ticks: ticksOf(input.checkpoints, at, x, input.width),
    best: markAt(input.best_step, lines, at, x),
    tied: tiedOf(input.checkpoints, lines, at, x),
    onset: onsetAt(input.turn, lines, at, x),
    hidden: lines.reduce((sum, line) => sum + line.hidden, 0),
  }
}

/** The first and last step inside a window of the axis, or null where it holds no point. */
export function stepsWithin(
  { series, epochs, view }: Pick<ChartInput, 'series' | 'epochs' | 'view'>,
  window: readonly [number, number],
): [number, number] | null {
  const place = placeOn(view.axis, epochs, startOf(series))
  const [from, to] = ordered(window)
  const inside = series.flatMap(({ steps, times }) =>
    [...steps].filter((step, index) => {
      const x = place(step, times[index] ?? NaN)
      return x >= from && x <= to
    }),
  )
  return inside.length > 0 ? [Math.min(...inside), Math.max(...inside)] : null
}

function startOf(series: readonly NamedSeries[]): number {
  const firsts = series.map(({ times }) => times[0] ?? NaN).filter(Number.isFinite)
  return firsts.length > 0 ? Math.min(...firsts) : NaN
}

function columnsOf(series: Series, place: (step: number, time: number) => number): Columns {
  const xs = series.steps.map((step, index) => place(step, series.times[index] ?? NaN))
  return { xs, values: series.values, steps: series.steps }
}

function ordered([a, b]: readonly [number, number]): [number, number] {
  return a < b ? [a, b] : [b, a]
}

/** From the first place to the last of all; never empty. Places rise within a series. */
function extent(all: Float64Array[]): [number, number] {
  const ends = all.flatMap((xs) => [xs[0] ?? NaN, xs.at(-1) ?? NaN]).filter(Number.isFinite)
  if (ends.length === 0) return [0, 1]
  const [from, to] = [Math.min(...ends), Math.max(...ends)]
  return from < to ? [from, to] : [from - 0.5, to + 0.5]
}

function lineOf(
  series: NamedSeries,
  columns: Columns,
  x: [number, number],
  input: ChartInput,
): Line {
  const { log, smoothing } = input.view
  const measured = draw(columns, x, input.width, log)
  const averaged = series.kind === 'logged' && smoothing > 0
  const shown = averaged
    ? draw({ ...columns, values: smooth(columns.values, smoothing) }, x, input.width, log)
    : measured
  const points = measured.segments.flat()
  return {
    ...measured,
    segments: shown.segments,
    name: series.name,
    kind: series.kind,
    raw: averaged ? measured.segments : [],
    dots:
      series.kind === 'evaluation' && points.length <= MOST_DOTS
        ? points.filter((point) => point.x >= x[0] && point.x <= x[1])
        : [],
    last: lastInView(columns, shown.segments, x),
    columns,
  }
}

function lastInView({ xs, values }: Columns, segments: Point[][], [, to]: [number, number]) {
  const y = segments.flat().findLast((point) => point.x <= to)?.y
  const value = values[xs.findLastIndex((x) => x <= to)]
  return y === undefined || value === undefined ? null : { value, y }
}

/** The span of what is drawn inside the window, with a little air. */
function valueDomain(lines: Line[], [from, to]: [number, number], log: boolean): [number, number] {
  const shown = lines
    .flatMap((line) => [...line.segments, ...line.raw].flat())
    .filter((point) => point.x >= from && point.x <= to)
  if (shown.length === 0) return log ? [0.1, 1] : [0, 1]
  const low = shown.reduce((least, { y }) => Math.min(least, y), Infinity)
  const high = shown.reduce((most, { y }) => Math.max(most, y), -Infinity)
  if (log) return low < high ? [low / 1.05, high * 1.05] : [low / 2, high * 2]
  const air = low < high ? (high - low) * 0.05 : Math.abs(low) * 0.1 || 0.5
  return [low - air, high + air]
}

function timesByStep(series: readonly NamedSeries[]): Map<number, number> {
  const times = new Map<number, number>()
  for (const one of series)
    one.steps.forEach((step, index) => times.set(step, one.times[index] ?? NaN))
  return times
}

/** The turn stands on the curve that turned, where that is shown. */
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
