import { keepExtremes, pick, type Series } from '@bestmark/core'

/** How many points of a chunk are summarized together. */
const BLOCK = 32

/**
 * The points of a chunk that an overview needs: of every 32 points the lowest, the highest, and the
 * ends of the non-finite ones; also the first and the last. A point is its step, value and time.
 */
export function outlineOf(series: Series): Float64Array {
  const { steps, values, times } = outlined(series)
  const numbers = new Float64Array(3 * steps.length)
  for (let index = 0; index < steps.length; index++) {
    numbers[3 * index] = steps[index] ?? NaN
    numbers[3 * index + 1] = values[index] ?? NaN
    numbers[3 * index + 2] = times[index] ?? NaN
  }
  return numbers
}

function outlined(series: Series): Series {
  const { length } = series.values
  const kept = new Set([0, length - 1])
  for (let from = 0; from < length; from += BLOCK) {
    keepExtremes(series.values, from, Math.min(length, from + BLOCK), kept)
  }
  return pick(
    series,
    [...kept].sort((a, b) => a - b),
  )
}

/** The points of an outline. */
export function pointsOfOutline(numbers: Float64Array): Series {
  const column = (offset: number): Float64Array =>
    Float64Array.from({ length: numbers.length / 3 }, (_, at) => numbers[3 * at + offset] ?? NaN)
  return { steps: column(0), values: column(1), times: column(2) }
}
