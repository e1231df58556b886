import { count, measure } from '../figures.ts'
import type { NamedSeries } from '../api.ts'

/** A chart as text: how many points, their steps, and the lowest, highest and last value. */
export function metricText({ name, count: all, steps, values }: NamedSeries): string {
  if (steps.length === 0) return `${name}: no points`
  const [first, last] = [count(steps[0]), count(steps.at(-1))]
  const where = first === last ? `at step ${first}` : `from step ${first} to ${last}`
  const points = `${name}: ${count(all)} ${all === 1 ? 'point' : 'points'} ${where}`
  const [low, high] = extremes(values)
  if (low === -1 || high === -1) return `${points}, none of them finite`
  const at = (index: number) => `${measure(values[index])} at step ${count(steps[index])}`
  return `${points}, lowest ${at(low)}, highest ${at(high)}, last ${measure(values.at(-1))}`
}

/** The indices of the lowest and the highest finite value; -1 if there is none. */
function extremes(values: Float64Array): [number, number] {
  let [low, high] = [-1, -1]
  values.forEach((value, index) => {
    if (!Number.isFinite(value)) return
    if (low === -1 || value < (values[low] ?? NaN)) low = index
    if (high === -1 || value > (values[high] ?? NaN)) high = index
  })
  return [low, high]
}
