const SHORTEST = 1_000
const LONGEST = 30_000

/**
 * How long (ms) to wait before the next try, after the given number of failures. The wait doubles up
 * to a limit and is shortened at random, so that many pages do not all ask at the same moment.
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST, SHORTEST * 2 ** Math.max(0, failures - 1))
  return whole * (1 - random() / 2)
}
