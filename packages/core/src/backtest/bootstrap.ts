const DRAWS = 2_000

/** One number of a run, with the group that it belongs to. */
export interface Drawn {
  group: string
  value: number
}

/**
 * The 95 % percentile interval of the mean over all runs, with whole groups drawn again (runs of
 * one repository are siblings, so that they are no independent evidence). Null for fewer than two
 * groups, which tell no spread. Deterministic for a seed. Efron and Tibshirani 1993, chapter 13;
 * cluster bootstrap: Davison and Hinkley 1997, section 3.8.
 */
export function interval(drawn: readonly Drawn[], seed: number): [number, number] | null {
  const groups = [...Map.groupBy(drawn, ({ group }) => group).values()]
  if (groups.length < 2) return null
  const sums = groups.map((some) => some.reduce((total, { value }) => total + value, 0))
  const counts = groups.map((some) => some.length)
  const random = generator(seed)
  const means = Float64Array.from({ length: DRAWS }, () => {
    let [sum, count] = [0, 0]
    for (let draw = 0; draw < groups.length; draw++) {
      const at = Math.floor(random() * groups.length)
      sum += sums[at] ?? 0
      count += counts[at] ?? 0
    }
    return sum / count
  }).sort()
  return [
    means[Math.round(0.025 * (DRAWS - 1))] ?? NaN,
    means[Math.round(0.975 * (DRAWS - 1))] ?? NaN,
  ]
}

/** Mulberry32, a small generator of numbers in [0, 1) that is the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
