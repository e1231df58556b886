import { expect, test } from 'vitest'
import { spread } from './labels.ts'
import type { ChartInput, NamedSeries } from './chart.ts'
import { prepareChart } from './prepare.ts'
import { nextStop, snapTo } from './snap.ts'

function series(name: string, steps: number[], values: number[]): NamedSeries {
  return {
    name,
    kind: name.startsWith('eval') ? 'evaluation' : 'logged',
    steps: Float64Array.from(steps),
    values: Float64Array.from(values),
    times: Float64Array.from(steps, (step) => 1000 * step),
  }
}

const train = series('loss', [10, 20, 30, 40, 50, 60], [4, 3, 2.5, 2, 1.5, 1])
const evaluation = series('eval_loss', [20, 30, 40, 50, 60], [3, 2.5, 2.6, 2.8, 3])

function chart(change: Partial<ChartInput> = {}, view: Partial<ChartInput['view']> = {}) {
  return prepareChart({
    series: [train, evaluation],
    checkpoints: [],
    best_step: null,
    epochs: [],
    width: 600,
    ...change,
    view: { axis: 'step', log: false, smoothing: 0, clip: true, window: null, ...view },
  })
}

test('a chart without points still has axes', () => {
  expect(chart({ series: [] })).toMatchObject({ x: [0, 1], y: [0, 1], lines: [], best: null })
})

test('system metrics are drawn over time, without checkpoints, for any chosen axis', () => {
  const cpu: NamedSeries = {
    ...series('system/cpu_percent', [1e9, 1e9 + 10], [90, 95]),
    kind: 'system',
  }
  const drawn = chart({ series: [cpu], best_step: 30 }, { window: [10, 20] })
  expect(drawn).toMatchObject({ axis: 'time', whole: [0, 10], best: null, ticks: [] })
})

test('the best checkpoint is on the evaluation curve', () => {
  expect(chart({ best_step: 30 }).best).toEqual({ x: 30, y: 2.5, step: 30 })
})

test('a best checkpoint without a value on this curve has a position but no height', () => {
  expect(chart({ best_step: 10 }).best).toEqual({ x: 10, y: NaN, step: 10 })
})

test('checkpoints within the noise of the best are on the curve, one per step', () => {
  const files_state = 'complete' as const
  const tied = [30, 40, 40, 10].map((step, index) => {
    return { step, files_state, is_best: index === 0, is_tied: true }
  })
  const checkpoints = [...tied, { step: 50, files_state, is_best: false, is_tied: false }]
  expect(chart({ checkpoints }).tied).toEqual([{ x: 40, y: 2.6, step: 40 }])
})

test('ticks at the same position are drawn once, but the best is always drawn', () => {
  const steps = Array.from({ length: 5_000 }, (_, index) => 10 + index / 100)
  const checkpoints = steps.map((step, index) => {
    return { step, files_state: 'complete' as const, is_best: index === 4_999 }
  })
  const { ticks } = chart({ checkpoints, width: 600 })
  expect(ticks.length).toBeLessThan(602)
  expect(ticks.at(-1)).toMatchObject({ step: steps.at(-1), is_best: true })
})

test('only evaluations have dots, and only train loss is smoothed, with the measured line behind', () => {
  const { lines } = chart({}, { smoothing: 0.6 })
  expect(lines.map((line) => [line.name, line.dots.length, line.raw.length])).toEqual([
    ['loss', 0, 1],
    ['eval_loss', 5, 0],
  ])
  expect(lines[1]?.segments[0]?.map((point) => point.y)).toEqual([3, 2.5, 2.6, 2.8, 3])
})

test('the value axis fits what the window shows', () => {
  const [low, high] = chart({}, { window: [40, 60] }).y
  expect(low).toBeLessThan(1)
  expect(low).toBeGreaterThan(0.8)
  expect(high).toBeGreaterThan(3)
  expect(high).toBeLessThan(3.2)
})

test('a window drawn from right to left is the same window', () => {
  expect(chart({}, { window: [50, 20] }).x).toEqual([20, 50])
})

test('the rise of the evaluation loss is marked with its label, on its own curve only', () => {
  const turn = { step: 30, word: 'overfitting' }
  expect(chart({ turn }).onset).toEqual({ x: 30, y: 2.5, step: 30, word: 'overfitting' })
  expect(chart({ turn, series: [train] }).onset).toBeNull()
  expect(chart().onset).toBeNull()
})

test('checkpoint ticks outside the window are left out, and those without a step have none', () => {
  const checkpoints = [20, 40, 60, null].map((step) => ({
    step,
    files_state: 'complete' as const,
    is_best: false,
  }))
  const { ticks } = chart({ checkpoints }, { window: [30, 50] })
  expect(ticks.map((tick) => tick.step)).toEqual([40])
})

test('the time axis positions a checkpoint at the time of the point at its step', () => {
  const checkpoints = [{ step: 40, files_state: 'missing' as const, is_best: false }]
  expect(chart({ checkpoints }, { axis: 'time' }).ticks[0]?.x).toBe(30)
})

test('hover snaps to a measured point and shows the value of every line there', () => {
  const snap = snapTo(chart(), 32)
  expect(snap?.step).toBe(30)
  expect(snap?.points.map(({ name, point }) => [name, point.y])).toEqual([
    ['loss', 2.5],
    ['eval_loss', 2.5],
  ])
})

test('the keyboard walks from evaluation to evaluation and stops at the ends', () => {
  const drawn = chart()
  expect(nextStop(drawn, null, 1)?.step).toBe(20)
  expect(nextStop(drawn, null, -1)?.step).toBe(60)
  expect(nextStop(drawn, snapTo(drawn, 30), 1)?.step).toBe(40)
  expect(nextStop(drawn, snapTo(drawn, 10), 1)?.step).toBe(20)
  expect(nextStop(drawn, snapTo(drawn, 60), 10)?.step).toBe(60)
})

test('labels at line ends do not cover one another', () => {
  const label = (name: string, y: number) => ({ name, text: name, y })
  const placed = spread([label('a', 100), label('b', 98), label('c', 10)], 14, 100)
  expect(placed.map(({ name, y }) => [name, y])).toEqual([
    ['c', 10],
    ['b', 86],
    ['a', 100],
  ])
})

test('a spike that would flatten the curve is outside the axis, and is mentioned', () => {
  const steps = Array.from({ length: 100 }, (_, index) => index + 1)
  const spiked = series(
    'loss',
    steps,
    steps.map((step) => (step === 40 ? 1_000 : 2 + 1 / step)),
  )
  const whole = chart({ series: [spiked] }, { clip: false })
  expect(whole.clipped).toBeNull()
  expect(whole.y[1]).toBeGreaterThan(1_000)
  const cut = chart({ series: [spiked] })
  expect(cut.y[1]).toBeLessThan(4)
  expect(cut.clipped).toMatchObject({
    count: 1,
    highest: 1_000,
    positions: [{ x: 40, isAbove: true }],
  })
  // A window without the spike has no value to leave out.
  expect(chart({ series: [spiked] }, { window: [50, 100] }).clipped).toBeNull()
})

test('the best is in view even if it is an outlier', () => {
  const steps = Array.from({ length: 100 }, (_, index) => index + 1)
  const one = series(
    'eval_acc',
    steps,
    steps.map((step) => (step === 40 ? 1_000 : 2 + 1 / step)),
  )
  const { y, clipped } = chart({ series: [one], best_step: 40 })
  expect(y[1]).toBeGreaterThan(1_000)
  expect(clipped).toBeNull()
})

test('an earlier attempt is a separate line, and both axes include it', () => {
  const later = { ...series('loss', [10, 20], [4, 3]), earlier: [series('loss', [30, 40], [9, 8])] }
  const { lines, x, y } = chart({ series: [later] })
  expect(lines[0]?.earlier.map((run) => run.map(({ step }) => step))).toEqual([[30, 40]])
  expect(lines[0]?.segments.map((run) => run.map(({ step }) => step))).toEqual([[10, 20]])
  expect([x[1], y[1] > 9]).toEqual([40, true])
})
