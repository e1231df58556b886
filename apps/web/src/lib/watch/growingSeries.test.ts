import { expect, test } from 'vitest'
import type { SeriesDelta } from '../api.ts'
import { GrowingSeries } from './growingSeries.ts'

const column = (values: number[]) => Float64Array.from(values)

function begun(steps: number[], next_ordinal = steps.length): GrowingSeries {
  const columns = { steps: column(steps), values: column(steps), times: column(steps) }
  return new GrowingSeries({
    name: 'loss',
    kind: 'logged',
    count: next_ordinal,
    next_ordinal,
    earlier: [],
    ...columns,
  })
}

function delta(
  from_ordinal: number,
  steps: number[],
  rewound_to: number | null = null,
): SeriesDelta {
  const columns = { steps: column(steps), values: column(steps), times: column(steps) }
  const next_ordinal = from_ordinal + steps.length
  return { name: 'loss', kind: 'logged', from_ordinal, next_ordinal, rewound_to, ...columns }
}

const steps = (series: GrowingSeries) => [...series.view.steps]

test('new points are appended', () => {
  const series = begun([1, 2])
  series.append(delta(2, [3, 4]))
  expect(steps(series)).toEqual([1, 2, 3, 4])
  expect(series.next_ordinal).toBe(4)
})

test('stored points are skipped, so that a resumed subscription adds each once', () => {
  const series = begun([1, 2, 3])
  series.append(delta(1, [2, 3, 4]))
  series.append(delta(1, [2, 3, 4]))
  expect(steps(series)).toEqual([1, 2, 3, 4])
})

test('a series that starts thinned continues from its last ordinal', () => {
  const series = begun([1, 500, 1000], 1000)
  series.append(delta(998, [999, 1000, 1001]))
  expect(steps(series)).toEqual([1, 500, 1000, 1001])
})

test('a later attempt replaces the points beyond the step that it resumed from', () => {
  const series = begun([1, 2, 3, 4])
  series.append(delta(4, [3, 4, 5], 2))
  expect(steps(series)).toEqual([1, 2, 3, 4, 5])
  const [earlier, ...others] = series.view.earlier
  expect([...(earlier?.steps ?? [])]).toEqual([3, 4])
  expect([earlier?.attempt, others]).toEqual([0, []])
})

test('points that a later attempt replaces are removed before that attempt has points', () => {
  const series = begun([1, 2, 3, 4])
  const next_ordinal = 2 ** 32
  series.append({ ...delta(next_ordinal, [], 2), next_ordinal })
  expect(steps(series)).toEqual([1, 2])
  expect(series.next_ordinal).toBe(next_ordinal)
  series.append(delta(next_ordinal, [3]))
  expect(steps(series)).toEqual([1, 2, 3])
})

test('a series that is recorded again from its first point loses all old points', () => {
  const series = begun([0, 500, 1000], 1000)
  series.append(delta(0, [0, 10], -1))
  expect(steps(series)).toEqual([0, 10])
  expect(series.view).toMatchObject({ count: 2, next_ordinal: 2, earlier: [] })
  series.append(delta(2, [20]))
  expect(steps(series)).toEqual([0, 10, 20])
})

test('a series that is recorded again and has no points yet is empty', () => {
  const series = begun([0, 1, 2])
  series.append(delta(0, [], -1))
  expect(series.view).toMatchObject({ count: 0, next_ordinal: 0 })
  expect(steps(series)).toEqual([])
})

test('a returned view does not change when the series grows', () => {
  const series = begun([1])
  const before = series.view
  series.append(delta(1, [2]))
  expect([...before.steps]).toEqual([1])
})

test('a series that grows for days stays within its limit and keeps its ends', () => {
  const series = begun([0])
  for (let start = 1; start < 50_000; start += 100) {
    series.append(
      delta(
        start,
        Array.from({ length: 100 }, (_step, index) => start + index),
      ),
    )
  }
  expect(series.view.steps.length).toBeLessThanOrEqual(8_000)
  expect([series.view.steps[0], series.view.steps.at(-1)]).toEqual([0, 50_000])
  expect(series.next_ordinal).toBe(50_001)
})
