import type { Coefficients } from '../selection/policyOptions.ts'
import type { BesideBaseline, PolicyFigures, Verdict } from './figures.ts'
import { LAST, LOWEST, SCORED } from './picks.ts'

/**
 * With five groups, one of two equally good policies is ahead in all of them in 1 of 32 cases. That is
 * more than the 2.5 % on one side of a 95 % interval. With six groups it is 1 of 64.
 */
const FEWEST_GROUPS = 6

/** Whether policy `scored` is recommended, with the figures that decide it. */
export function verdict(policies: readonly PolicyFigures[], coefficients: Coefficients): Verdict {
  const scored = policies.find(({ policy }) => policy === SCORED)
  const held_out_regret = scored?.mean_regret ?? null
  if (!scored || held_out_regret === null || scored.groups < FEWEST_GROUPS) {
    const text =
      `Policy scored is not recommended. It needs finished runs of at least ${FEWEST_GROUPS} groups, ` +
      `and there ${groupsThereAre(policies)}.`
    return { held_out_regret, coefficients, recommended: false, text }
  }
  const { beside } = scored
  const recommended = [LAST, LOWEST].every((name) =>
    beside.some((one) => one.baseline === name && isBeyondNoise(one)),
  )
  const against = beside.map(({ baseline, mean_regret }) => `${baseline}: ${share(mean_regret)}`)
  const text =
    `Policy scored is ${recommended ? 'recommended' : 'not recommended'}. With one group held out at a time, ` +
    `its mean regret is ${share(held_out_regret)} over ${scored.runs} runs of ${scored.groups} groups ` +
    `(${against.join(', ')}). ${beside.map(compared).join(' ')}`
  return { held_out_regret, coefficients, recommended, text }
}

/**
 * A better mean is not enough: one of two equally good policies always has it, and the best of many
 * sets of coefficients was lucky. The whole interval must be on the better side.
 */
function isBeyondNoise({ difference, interval }: BesideBaseline): boolean {
  return difference < 0 && interval !== null && interval[1] < 0
}

function compared({ baseline, difference, interval }: BesideBaseline): string {
  const word = difference < 0 ? 'better' : difference > 0 ? 'worse' : 'no better'
  const mayBeChance = interval && interval[0] <= 0 && interval[1] >= 0
  const noise = mayBeChance ? ', within the noise' : ''
  const spread = interval ? ` (95 % ${signed(interval[0])} to ${signed(interval[1])}${noise})` : ''
  return `It is ${word} than ${baseline} by ${share(Math.abs(difference))}${spread}.`
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
