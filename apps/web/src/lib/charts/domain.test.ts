import { scaleLinear, scaleLog } from 'd3-scale'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { count, shortTo } from '../figures.ts'
import { durationTicks, positionText } from './axis.ts'
import type { NamedSeries } from './chart.ts'
import { positionDomain, valuesDomain, windowOf, type Domain } from './domain.ts'
import { prepareChart } from './prepare.ts'
import { prepareSpark } from './sparkline.ts'
import { ticksAcross, ticksUp } from './ticks.ts'

const WIDTH = 600
const HEIGHT = 300

/** Numbers as runs log them: close to each other, far from 0, of any size, or no number. */
const positions = fc
  .tuple(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(fc.integer({ min: -4, max: 4 })),
  )
  .map(([from, ulps]) => ulps.map((ulp) => from + ulp * Math.abs(from) * Number.EPSILON))
const values = fc.oneof(fc.array(fc.double(), { maxLength: 50 }), positions)

function isAxis([from, to]: Domain): boolean {
  return Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(to - from) && from < to
}

test('an axis has two finite ends in order, for any values', () => {
  fc.assert(
    fc.property(values, fc.boolean(), (numbers, log) => {
      expect(positionDomain(numbers)).toSatisfy(isAxis)
      const shown = log ? numbers.filter((value) => value > 0) : numbers
      const domain = valuesDomain(shown, log)
      expect(domain).toSatisfy(isAxis)
      if (log) expect(domain[0]).toBeGreaterThan(0)
    }),
  )
})

test('a window is a valid axis or null', () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (a, b) => {
      const window = windowOf(a, b)
      if (window) expect(window).toSatisfy(isAxis)
      expect(windowOf(b, a)).toEqual(window)
    }),
  )
  for (const [a, b] of [
    [NaN, 1],
    [1, 1],
    [-Infinity, Infinity],
  ] as const)
    expect(windowOf(a, b)).toBeNull()
})

test('ticks are finite, in order, in view, few, and each has its own label', () => {
  fc.assert(
    fc.property(values, fc.boolean(), (numbers, log) => {
      const domain = valuesDomain(log ? numbers.filter((value) => value > 0) : numbers, log)
      const y = (log ? scaleLog() : scaleLinear()).domain(domain).range([HEIGHT, 0])
      const x = scaleLinear().domain(positionDomain(numbers)).range([0, WIDTH])
      const span = positionDomain(numbers)
      const axes = [
        { ticks: ticksUp(y.ticks(6), shortTo, y), most: HEIGHT },
        { ticks: ticksAcross(x.ticks(6), count, x), most: WIDTH },
        {
          ticks: ticksAcross(durationTicks(span, 6), (at) => positionText('time', at), x),
          most: WIDTH,
        },
      ]
      for (const { ticks, most } of axes) {
        const at = ticks.map(({ value }) => value)
        expect(at.every(Number.isFinite)).toBe(true)
        expect(at).toEqual(at.toSorted((a, b) => a - b))
        expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length)
        expect(ticks.length).toBeLessThanOrEqual(most / 16)
      }
    }),
  )
})

test('values that differ only in their last digits share one label', () => {
  expect(valuesDomain([Math.LN2, Math.LN2 + Number.EPSILON], false)).toEqual([
    Math.LN2 * 0.9,
    expect.closeTo(Math.LN2 * 1.1),
  ])
})

test('a chart of any numbers has only finite positions, in any view', () => {
  const steps = fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 30 })
  const view = fc.record({
    axis: fc.constantFrom('step' as const, 'epoch' as const, 'time' as const),
    log: fc.boolean(),
    smoothing: fc.double({ min: 0, max: 0.99, noNaN: true }),
    clip: fc.boolean(),
    window: fc.option(fc.tuple(fc.double(), fc.double())),
  })
  const series = fc.tuple(steps, fc.infiniteStream(fc.double()), fc.infiniteStream(fc.double()))
  fc.assert(
    fc.property(fc.array(series, { maxLength: 3 }), view, fc.double(), (columns, looked, epoch) => {
      const all = columns.map(([unordered, numbers, times], index): NamedSeries => {
        const at = Float64Array.from(unordered).sort()
        const next = (stream: Iterator<number>) => at.map(() => stream.next().value as number)
        const kind = index === 0 ? 'evaluation' : 'logged'
        return {
          name: `${index}`,
          kind,
          steps: at,
          values: next(numbers),
          times: next(times).sort(),
        }
      })
      const checkpoints = all.flatMap((one) =>
        [...one.steps].map((step) => ({
          step,
          files_state: 'complete' as const,
          is_best: false,
          is_tied: true,
        })),
      )
      const best_step = checkpoints[0]?.step ?? null
      const epochs = [{ step: best_step, epoch }]
      const chart = prepareChart({
        series: all,
        checkpoints,
        best_step,
        epochs,
        view: looked,
        width: WIDTH,
      })
      expect(chart.x).toSatisfy(isAxis)
      expect(chart.y).toSatisfy(isAxis)
      const x = scaleLinear().domain(chart.x).range([0, WIDTH])
      const y = (looked.log ? scaleLog() : scaleLinear()).domain(chart.y).range([HEIGHT, 0])
      const drawn = chart.lines.flatMap((line) => [...line.segments, ...line.raw, line.dots].flat())
      for (const point of [...drawn, ...chart.tied]) {
        expect([x(point.x), y(point.y)].every(Number.isFinite)).toBe(true)
      }
      for (const { x: position } of chart.ticks) expect(Number.isFinite(x(position))).toBe(true)
      if (chart.best)
        expect(Number.isFinite(y(chart.best.y)) || Number.isNaN(chart.best.y)).toBe(true)
    }),
  )
})

test('a small curve of any numbers has only finite positions', () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const steps = Float64Array.from(numbers, (_, index) => index)
      const { path, gaps } = prepareSpark(
        { steps, values: Float64Array.from(numbers) },
        0,
        [96, 16],
      )
      expect(path).not.toMatch(/NaN|Infinity/)
      expect(gaps.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true)
    }),
  )
})
