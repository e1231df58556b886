import { studentQuantile } from './student.ts'

const DRAWS = 2_000

/** One number of a run, with the group that it belongs to. */
export interface Drawn {
  group: string
  value: number
}

/** The quantile of the normal distribution; Student's is larger. */
const NORMAL = 1.959963984540054

/**
 * The 95 % interval of the mean over all runs. Whole groups are drawn again, because runs of one
 * repository are similar and so not independent. With few groups the percentiles are too close: of
 * three, the interval contains the true mean in 71 of 100 cases. So both ends are moved away from
 * the mean by the ratio of Student's t to the normal. Null for fewer than two groups, which have no
 * spread. Deterministic for a seed. Cluster bootstrap: Davison and Hinkley 1997, section 3.8. Its
 * correction by √((n − 1)/n) and t: Hesterberg 2015, section 4.
 */
export function interval(drawn: readonly Drawn[], seed: number): [number, number] | null {
  const groups = [...Map.groupBy(drawn, ({ group }) => group).values()]
  if (groups.length < 2) return null
  const sums = groups.map((some) => some.reduce((total, { value }) => total + value, 0))
  const counts = groups.map((some) => some.length)
  const means = drawnMeans(sums, counts, seed)
  const mean = sums.reduce((a, b) => a + b, 0) / drawn.length
  const stretch = Math.sqrt(groups.length / (groups.length - 1)) / NORMAL
  const by = stretch * studentQuantile(groups.length - 1)
  const end = (share: number): number =>
    mean + by * ((means[Math.round(share * (DRAWS - 1))] ?? NaN) - mean)
  return [end(0.025), end(0.975)]
}

/** The mean of each draw of as many groups as there are, in ascending order. */
function drawnMeans(
  sums: readonly number[],
  counts: readonly number[],
  seed: number,
): Float64Array {
  const random = generator(seed)
  return Float64Array.from({ length: DRAWS }, () => {
    let [sum, count] = [0, 0]
    for (let draw = 0; draw < sums.length; draw++) {
      const at = Math.floor(random() * sums.length)
      sum += sums[at] ?? 0
      count += counts[at] ?? 0
    }
    return sum / count
  }).sort()
}

/** Mulberry32, a small generator of numbers in [0, 1): the same seed gives the same numbers. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
