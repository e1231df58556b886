import { expect, test } from 'vitest'
import { draw, type Columns } from './line.ts'

function columns(values: number[]): Columns {
  const xs = Float64Array.from(values, (_value, index) => index)
  return { xs, steps: xs, values: Float64Array.from(values) }
}

const shape = (values: number[], log = false) => draw(columns(values), [0, values.length], 100, log)

test('NaN breaks the line and leaves a cross at its step, level with the last finite value', () => {
  const { segments, gaps } = shape([3, 2, NaN, 1])
  expect(segments.map((run) => run.map((point) => point.y))).toEqual([[3, 2], [1]])
  expect(gaps).toEqual([{ x: 2, y: 2, step: 2 }])
})

test('infinities break the line too', () => {
  expect(shape([1, Infinity, 2, -Infinity]).gaps).toHaveLength(2)
})

test('a series that begins with NaN has a cross without a height', () => {
  expect(shape([NaN, 1]).gaps).toEqual([{ x: 0, y: NaN, step: 0 }])
})

test('a logarithmic scale counts the values that it cannot show', () => {
  const { segments, gaps, hidden } = shape([2, 0, -1, 3], true)
  expect(segments).toHaveLength(2)
  expect(gaps).toHaveLength(0)
  expect(hidden).toBe(2)
})

test('a long series keeps the extremes of each column, first and last', () => {
  const values = Array.from({ length: 10_000 }, (_value, index) => Math.sin(index))
  values[4321] = 9
  values[1234] = -9
  const { segments } = draw(columns(values), [0, 9_999], 200, false)
  const drawn = segments.flat()
  expect(drawn.length).toBeLessThanOrEqual(4 * 201)
  expect(drawn.map((point) => point.y)).toEqual(expect.arrayContaining([9, -9]))
  expect([drawn[0]?.step, drawn.at(-1)?.step]).toEqual([0, 9_999])
})

test('a line reaches the edges of a window and never goes beyond them', () => {
  const { segments } = draw(columns([0, 1, 2, 3, 4, 5, 6, 7]), [2.5, 4.5], 100, false)
  expect(segments.flat().map((point) => point.x)).toEqual([2.5, 3, 4, 4.5])
  expect(segments.flat().map((point) => point.y)).toEqual([2.5, 3, 4, 4.5])
  const between = draw(columns([0, 1, 2, 3]), [1.25, 1.75], 100, false)
  expect(between.segments.flat().map(({ x, y }) => [x, y])).toEqual([
    [1.25, 1.25],
    [1.75, 1.75],
  ])
  const log = draw(columns([1, 100]), [0, 0.5], 100, true)
  expect(log.segments.flat().at(-1)?.y).toBeCloseTo(10)
})
