import type { ComparedRun } from '@bestmark/core'
import { expect, test } from 'vitest'
import { prepareParallel } from './parallel.ts'

/** The fields of runs that the picture reads. */
const runs = (...values: (number | null)[]) =>
  values.map((value, at) => ({
    job_id: `r${at}`,
    best: value === null ? null : { value },
  })) as unknown as ComparedRun[]

const option = (name: string, ...values: unknown[]) => ({
  name,
  values: Object.fromEntries(
    values.flatMap((value, at) => (value === undefined ? [] : [[`r${at}`, value]])),
  ),
})

test('each run crosses every axis at its own height, and the metric is the last axis', () => {
  const { axes, ways } = prepareParallel(runs(2, 1), [option('lr', 0.1, 0.2)], 'eval_loss')
  expect(axes.map(({ name }) => name)).toEqual(['lr', 'eval_loss'])
  expect(axes[0]?.marks).toEqual([
    { at: 0, text: '0.1' },
    { at: 1, text: '0.2' },
  ])
  expect(ways).toEqual([
    { job_id: 'r0', heights: [0, 1] },
    { job_id: 'r1', heights: [1, 0] },
  ])
})

test('numbers of very different sizes are positioned by their logarithms', () => {
  const { ways } = prepareParallel(runs(1, 2, 3), [option('lr', 1e-5, 1e-3, 1e-1)], 'm')
  expect(ways[1]?.heights[0]).toBeCloseTo(0.5)
})

test('texts are positions on an axis, unless every run has a different one', () => {
  const shared = option('sched', 'cos', 'cos', 'linear')
  const unique = option('name', 'a', 'b', 'c')
  const { axes } = prepareParallel(runs(1, 2, 3), [shared, unique], 'm')
  expect(axes.map(({ name }) => name)).toEqual(['sched', 'm'])
})

test('a run without a value has no height there', () => {
  const { ways } = prepareParallel(runs(1, null), [option('lr', 0.1, 0.2), option('wd', 0.1)], 'm')
  expect(ways[1]?.heights).toEqual([1, null])
})

test('without comparable options there is no picture, and options without room are counted', () => {
  expect(prepareParallel(runs(1, 2), [option('lr', 0.1, 0.1)], 'm').axes).toEqual([])
  const many = Array.from({ length: 10 }, (_, at) => option(`s${at}`, at, at + 1))
  const { axes, more } = prepareParallel(runs(1, 2), many, 'm')
  expect([axes.length, more]).toEqual([8, 3])
})
