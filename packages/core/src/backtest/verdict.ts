import type { Coefficients } from '../selection/policyOptions.ts'
import type { BesideBaseline, PolicyFigures, Verdict } from './figures.ts'
import { LAST, LOWEST, SCORED } from './picks.ts'

/**
 * Of two policies that do equally well one is ahead in all of five groups by chance in one case of
 * 32, more often than the 2.5 % that a 95 % interval leaves on a side; of six in one of 64.
 */
const FEWEST_GROUPS = 6

/** Whether policy `scored` earns its place, with the figures that say so. */
export function verdict(policies: readonly PolicyFigures[], coefficients: Coefficients): Verdict {
  const scored = policies.find(({ policy }) => policy === SCORED)
  const held_out_regret = scored?.mean_regret ?? null
  if (!scored || held_out_regret === null || scored.groups < FEWEST_GROUPS) {
    const text =
      `scored is not recommended: its weights must be tried on groups that they were not chosen on, ` +
      `for which ${FEWEST_GROUPS} groups are needed (in all of fewer it may be ahead by chance alone), ` +
      `and there ${groupsThereAre(policies)}.`
    return { held_out_regret, coefficients, recommended: false, text }
  }
  const { beside } = scored
  const recommended = [LAST, LOWEST].every((name) =>
    beside.some((one) => one.baseline === name && isBeyondNoise(one)),
  )
  const against = beside.map(({ baseline, mean_regret }) => `${baseline} ${share(mean_regret)}`)
  const text =
    `scored is ${recommended ? 'recommended' : 'not recommended'}: leaving one group out at a time, ` +
    `its mean regret is ${share(held_out_regret)} over ${scored.runs} runs of ${scored.groups} groups, ` +
    `where ${against.join(' and ')} stand; ${beside.map(compared).join(', ')}.`
  return { held_out_regret, coefficients, recommended, text }
}

/**
 * Better on average is not enough: of two policies that do equally well one always is, and the best
 * of many sets of weights is one that was lucky. The whole interval must lie on the better side.
 */
function isBeyondNoise({ difference, interval }: BesideBaseline): boolean {
  return difference < 0 && interval !== null && interval[1] < 0
}

function compared({ baseline, difference, interval }: BesideBaseline): string {
  const word = difference < 0 ? 'better' : difference > 0 ? 'worse' : 'no better'
  const mayBeChance = interval && interval[0] <= 0 && interval[1] >= 0
  const noise = mayBeChance ? ', which noise alone may give' : ''
  const spread = interval ? ` (95 % ${signed(interval[0])} to ${signed(interval[1])}${noise})` : ''
  return `it is ${word} than ${baseline} by ${share(Math.abs(difference))}${spread}`
}

function groupsThereAre(policies: readonly PolicyFigures[]): string {
  const groups = Math.max(0, ...policies.map((one) => one.groups))
  return groups === 1 ? 'is 1' : `are ${groups}`
}

/** A regret as sentences show it. */
export function share(regret: number): string {
  return regret.toFixed(3)
}

function signed(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${share(Math.abs(difference))}`
}
