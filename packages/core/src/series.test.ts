import { expect, test } from 'vitest'
import { smooth, standsFor, thin, type Series } from './series.ts'

const noisy = (n: number): Series => {
  const steps = Float64Array.from({ length: n }, (_, index) => index)
  const values = steps.map((step) => Math.sin(step / 50) + ((step * 7919) % 101) / 200)
  return { steps, values, times: steps.slice() }
}

test('a series that is short enough does not change', () => {
  const series = noisy(100)
  expect(thin(series, 100)).toBe(series)
})

test('thinning keeps the first, the last, the lowest and the highest point', () => {
  const series = noisy(10_000)
  series.values[3333] = -50
  series.values[7777] = 60
  const { steps, values } = thin(series, 200)
  expect(steps.length).toBeLessThan(300)
  expect([...steps]).toEqual(expect.arrayContaining([0, 3333, 7777, 9999]))
  expect([Math.min(...values), Math.max(...values)]).toEqual([-50, 60])
})

test('thinning keeps pinned steps and the ends of every gap', () => {
  const series = noisy(10_000)
  series.values.fill(NaN, 5000, 5003)
  series.values[1234] = Infinity
  const { steps, values } = thin(series, 100, [4321, 8765])
  expect([...steps]).toEqual(expect.arrayContaining([4321, 8765, 5000, 5002, 1234]))
  expect(values[steps.indexOf(1234)]).toBe(Infinity)
})

test('thinned points keep their order and times', () => {
  const { steps, times } = thin(noisy(5000), 300)
  expect([...steps]).toEqual([...steps].sort((a, b) => a - b))
  expect(times).toEqual(steps)
})

test('smoothing starts at the first value and continues after NaN', () => {
  const smoothed = smooth(Float64Array.of(4, 2, NaN, 2), 0.5)
  expect(smoothed[0]).toBe(4)
  expect(smoothed[2]).toBeNaN()
  expect(smoothed[3]).toBeCloseTo((4 * 0.125 + 2 * 0.25 + 2 * 0.5) / 0.875)
  expect([...smooth(Float64Array.of(1, 5), 0)]).toEqual([1, 5])
})

test('a thinned series that falls is smoothed about as the whole series, with no larger lag', () => {
  const noise = noisy(20_000)
  const whole = {
    ...noise,
    values: noise.values.map((value, index) => value + 100 * Math.exp(-index / 3000)),
  }
  const thinned = thin(whole, 500)
  const stands = standsFor(thinned.steps, 20_000)
  const expected = smooth(whole.values, 0.999)
  const error = (values: Float64Array) =>
    Math.max(
      ...thinned.steps.slice(100).map((step, index) => {
        return Math.abs((values[index + 100] ?? NaN) - (expected[step] ?? NaN))
      }),
    )
  const plain = error(smooth(thinned.values, 0.999))
  expect(error(smooth(thinned.values, 0.999, stands))).toBeLessThan(plain / 3)
})

test('a series that was not thinned is smoothed without correction', () => {
  const { steps } = noisy(100)
  expect(standsFor(steps, 100)).toBeUndefined()
  expect(standsFor(new Float64Array(), 5)).toBeUndefined()
  expect(standsFor(Float64Array.of(7, 7), 5)).toBeUndefined()
})

test('of every stretch the first of its extremes stay, and the ends of its gap', () => {
  const values = Float64Array.of(5, 3, 3, 6, 6, 5, 5, NaN, NaN, NaN, 9, 1, 5)
  const steps = values.map((_, index) => index)
  const kept = (pinned: number[]) => [...thin({ steps, values, times: steps }, 4, pinned).steps]
  expect(kept([])).toEqual([0, 1, 3, 7, 9, 10, 11, 12])
  expect(kept([4])).toEqual([0, 1, 3, 4, 7, 9, 10, 11, 12])
})

test('a point of a thinned series represents as many points as fit into the gap before it', () => {
  expect(standsFor(Float64Array.of(0, 4, 20), 11)).toEqual(Float64Array.of(1, 2, 8))
})
