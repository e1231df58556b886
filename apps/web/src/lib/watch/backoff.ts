const SHORTEST = 1_000
const LONGEST = 30_000

/**
 * How long (ms) to wait before a try, after so many failed ones. Waits double up to a bound, and a
 * random part of each is left out, so that many pages do not all ask at the same moment.
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST, SHORTEST * 2 ** Math.max(0, failures - 1))
  return whole * (1 - random() / 2)
}
