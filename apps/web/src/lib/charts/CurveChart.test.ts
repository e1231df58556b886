import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import CurveChart from './CurveChart.svelte'
import type { NamedSeries } from './chart.ts'

function series(name: string, values: number[]): NamedSeries {
  return {
    name,
    kind: name.startsWith('eval') ? 'evaluation' : 'logged',
    steps: Float64Array.from(values, (_value, index) => 100 * (index + 1)),
    values: Float64Array.from(values),
    times: Float64Array.from(values, () => NaN),
  }
}

function drawn(change: object = {}): string {
  return render(CurveChart, {
    props: {
      label: 'Loss',
      series: [series('loss', [4, 3, 2, 1, 0.5]), series('eval_loss', [4, 3, 3.1, 3.2, 3.5])],
      checkpoints: [
        { step: 100, files_state: 'missing', is_best: false },
        { step: 200, files_state: 'complete', is_best: true },
        { step: 300, files_state: 'broken', is_best: false },
      ],
      best_step: 200,
      epochs: [],
      view: { axis: 'step', log: false, smoothing: 0, clip: true, window: null },
      ...change,
    },
  }).body
}

test('the curves, the best and the checkpoints are drawn without a browser', () => {
  const html = drawn()
  expect(html).toMatch(/data-line="loss"/)
  expect(html).toMatch(/data-line="eval_loss"/)
  expect(html).toMatch(/data-best="200"/)
  expect(html).toContain('checkpoint at step 200: complete, best')
  expect(html).toContain('checkpoint at step 100: missing')
  expect(html).not.toMatch(/(?<![a-z])NaN/)
})

test('lines are labelled at their ends, so that no legend is needed', () => {
  const html = drawn()
  expect(html).toContain('train 0.5000')
  expect(html).toContain('eval 3.500')
})

test('a NaN is a cross with a label that names its step', () => {
  expect(drawn({ series: [series('loss', [2, NaN, 1])] })).toContain(
    'loss is NaN or infinite at step 200',
  )
})

test('a chart with no point, with one point and with a log scale can be drawn', () => {
  for (const values of [[], [2], [NaN], [0, -1], [1, 1e-8]]) {
    const view = { axis: 'step', log: true, smoothing: 0.5, clip: true, window: null }
    expect(drawn({ series: [series('loss', values)], view })).toContain('<svg')
  }
})

test('a name from a run is never markup', () => {
  const html = drawn({ series: [series('<b>loss', [2, NaN, 1])] })
  expect(html).not.toContain('<b>')
})
