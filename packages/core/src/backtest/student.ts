/** After so many halvings the two ends are the same double. */
const HALVINGS = 64
/** An upper bound for all degrees of freedom. */
const HIGHEST = 16

/**
 * How many standard errors contain the mean with 95 %, given the degrees of freedom: 12.7 for one,
 * 1.96 for very many. Abramowitz and Stegun 1964, 26.7.3 and 26.7.4, solved by halving.
 */
export function studentQuantile(degrees: number): number {
  let [low, high] = [0, HIGHEST]
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2
    if (probabilityWithin(middle, degrees) < 0.95) low = middle
    else high = middle
  }
  return high
}

/** The probability that Student's t is within ±t, for whole degrees of freedom. */
function probabilityWithin(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const isOdd = degrees % 2 === 1
  let term = isOdd ? Math.cos(angle) : 1
  let sum = degrees === 1 ? 0 : term
  for (let at = isOdd ? 3 : 2; at <= degrees - 2; at += 2) {
    term *= (Math.cos(angle) ** 2 * (at - 1)) / at
    sum += term
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}
