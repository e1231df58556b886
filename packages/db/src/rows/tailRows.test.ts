import type { EventOf } from '@bestmark/core'
import { expect, test } from 'vitest'
import { tailRows } from './tailRows.ts'

const metrics = (step: number, values: Record<string, number>): EventOf<'metrics'> => {
  return { type: 'metrics', attempt: 0, step, epoch: null, at: 1_000 * step, values }
}

test('events with the same series are one row', () => {
  const events = [1, 2].map((step) => metrics(step, { loss: step / 2, lr: 0.5 }))
  expect(tailRows(events)).toEqual([
    {
      names: ['loss', 'lr'],
      steps: [1, 2],
      times: [1_000, 2_000],
      values: [0.5, 0.5, 1, 0.5],
      longest: 2,
    },
  ])
})

test('an event without a series has a gap there', () => {
  const [row, ...others] = tailRows([metrics(1, { loss: 1 }), metrics(2, { loss: NaN, lr: 0 })])
  expect(others).toEqual([])
  expect(row).toMatchObject({ names: ['loss', 'lr'], values: [1, null, NaN, 0], longest: 2 })
})

test('rows have no more gaps than points', () => {
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`a${index}`, index]))
  const rows = tailRows([
    ...[1, 2, 3].map((step) => metrics(step, { loss: step })),
    metrics(4, wide),
    metrics(5, { loss: 5 }),
  ])
  const places = rows.reduce((sum, { values }) => sum + values.length, 0)
  expect(places).toBeLessThanOrEqual(2 * (500 + 4))
  const steps = rows.flatMap(({ names, steps, values }) => {
    const column = names.indexOf('loss')
    return steps.filter((_, row) => column >= 0 && values[row * names.length + column] !== null)
  })
  expect(steps).toEqual([1, 2, 3, 5])
})

test('two names that are stored as one keep both values', () => {
  const [row, ...others] = tailRows([metrics(1, { 'a\0': 1, 'a\uFFFD': 2 })])
  expect(others).toEqual([])
  expect(row).toMatchObject({ names: ['a\uFFFD'], steps: [1, 1], values: [1, 2], longest: 2 })
})
