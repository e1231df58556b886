import { expect, test } from 'vitest'
import { prepareSpark } from './sparkline.ts'

const curve = (values: number[]) => ({
  steps: Float64Array.from(values, (_value, index) => index * 10),
  values: Float64Array.from(values),
})

test('the small curve fills its box and has a ring at the best', () => {
  const spark = prepareSpark(curve([4, 2, 3]), 10, [100, 20])
  expect(spark.path).toBe('M0 0L50 20L100 10')
  expect(spark.best).toEqual({ x: 50, y: 20 })
})

test('NaN is a gap with a cross at the height of the last value', () => {
  const spark = prepareSpark(curve([4, NaN, 2, 2]), null, [90, 20])
  expect(spark.path).toBe('M0 0M60 20L90 20')
  expect(spark.gaps).toEqual([{ x: 30, y: 0 }])
})

test('one value is a point in the middle, and no value is nothing', () => {
  expect(prepareSpark(curve([3]), 0, [100, 20]).best).toEqual({ x: 50, y: 10 })
  expect(prepareSpark(curve([]), null, [100, 20])).toEqual({ path: '', best: null, gaps: [] })
})

test('the ring is on the curve also where the thinned curve left out its point', () => {
  const curve = { steps: Float64Array.of(0, 100, 200), values: Float64Array.of(3, 1, 2) }
  expect(prepareSpark(curve, 50, [100, 10]).best).toEqual({ x: 25, y: 5 })
  expect(prepareSpark(curve, 300, [100, 10]).best).toBeNull()
  const gap = { ...curve, values: Float64Array.of(3, NaN, 2) }
  expect(prepareSpark(gap, 50, [100, 10]).best).toBeNull()
})
