import { expect, test } from 'vitest'
import type { NamedSeries } from '../charts/chart.ts'
import { prepareChart } from '../charts/prepare.ts'
import { chartsCsv } from './csv.ts'
import { chartsSvg } from './svg.ts'

const PALETTE = {
  ...{ ink: '#111', grey: '#666', faint: '#999', line: '#ddd', paper: '#fff', best: '#d80' },
}

function chartOf(name: string, change: Partial<Parameters<typeof prepareChart>[0]['view']> = {}) {
  const series: NamedSeries = {
    ...{ name, kind: 'evaluation', steps: Float64Array.of(10, 20, 30) },
    ...{ values: Float64Array.of(3, NaN, 1), times: Float64Array.of(0, 5_000, 9_000) },
  }
  return prepareChart({
    ...{ series: [series], checkpoints: [], best_step: 30, epochs: [], width: 400 },
    view: { axis: 'step', log: false, smoothing: 0, clip: true, window: null, ...change },
  })
}

test('the CSV has one row per point of the window, and NaN is NaN', () => {
  expect(chartsCsv([chartOf('a'), chartOf('b,c')])).toBe(
    'series,step,value\na,10,3\na,20,NaN\na,30,1\n"b,c",10,3\n"b,c",20,NaN\n"b,c",30,1\n',
  )
  expect(chartsCsv([chartOf('a', { window: [15, 40] })])).toBe(
    'series,step,value\na,20,NaN\na,30,1\n',
  )
  expect(chartsCsv([chartOf('a', { axis: 'time' })])).toBe(
    'series,step,time,value\na,10,0,3\na,20,5,NaN\na,30,9,1\n',
  )
})

test('a name that a spreadsheet would run as a formula is text', () => {
  expect(chartsCsv([chartOf('=1+1')])).toContain("'=1+1,10,3")
})

test('the SVG has each chart with its title, curve and ring, and no markup from names', () => {
  const chart = chartOf('a')
  const titled = ['a', '<b> & "c"', 'd'].map((title) => ({ title, chart }))
  const svg = chartsSvg(titled, 2, PALETTE)
  expect(svg.match(/stroke="#d80"/g)).toHaveLength(3)
  expect(svg).toContain('&lt;b> &amp; &quot;c&quot;')
  expect(svg).toContain('width="960" height="520"')
  expect(svg).not.toMatch(/NaN|undefined|Infinity/)
})
