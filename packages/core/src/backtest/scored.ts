import { FEATURES } from '../selection/features.ts'
import type { Feature, Coefficients } from '../selection/policyOptions.ts'
import { regretOf, type Replay } from './replay.ts'
import { scoredIndex } from './picks.ts'

/** Coefficients are shares of one, in quarters. */
const PARTS = 4

/**
 * Every division of four quarters among the five features: 70 sets of coefficients. There are few,
 * because each further set is another chance to fit noise. Of equal sets the one with fewer
 * features wins.
 */
export function coefficientGrid(): Coefficients[] {
  return shares(PARTS, FEATURES)
    .reverse()
    .map((parts): Coefficients => {
      return Object.fromEntries(parts.map(([name, part]) => [name, part / PARTS]))
    })
    .sort((a, b) => Object.keys(a).length - Object.keys(b).length)
}

function shares(left: number, [name, ...others]: readonly Feature[]): [Feature, number][][] {
  if (name === undefined) return left === 0 ? [[]] : []
  return Array.from({ length: left + 1 }, (_, part) => part).flatMap((part) =>
    shares(left - part, others).map((rest): [Feature, number][] =>
      part === 0 ? rest : [[name, part], ...rest],
    ),
  )
}

/** The picks with coefficients chosen on all other groups, and the coefficients chosen on all groups. */
export interface FittedCoefficients {
  /** For each replay the index of its pick; empty if there is only one group. */
  held_out: Map<Replay, number>
  /** For each group the coefficients that were chosen without it. */
  without: Map<string, Coefficients>
  coefficients: Coefficients
}

/**
 * Chooses the coefficients of policy `scored` by the mean over groups of their mean regret. A group of
 * a hundred sibling runs then counts as much as a group of one run, because the question is how the
 * coefficients do in an unseen group. O(runs × candidates × grid).
 */
export function fitCoefficients(replays: readonly Replay[]): FittedCoefficients {
  const grid = coefficientGrid()
  const groups = Map.groupBy(replays, ({ run }) => run.group)
  const regrets = new Map([...groups].map(([group, some]) => [group, groupRegrets(some, grid)]))
  const lowestOf = (some: readonly number[][]): Coefficients => {
    return lowest(
      grid,
      grid.map((_, at) => sum(some.map((one) => one[at] ?? 0))),
    )
  }
  const held_out = new Map<Replay, number>()
  const without = new Map<string, Coefficients>()
  for (const [group, some] of groups) {
    if (groups.size < 2) break
    const others = [...regrets].filter(([name]) => name !== group).map(([, one]) => one)
    // Summed again: with a difference of totals, rounding would keep traces of the group itself.
    const coefficients = lowestOf(others)
    without.set(group, coefficients)
    for (const replay of some) held_out.set(replay, scoredIndex(replay, coefficients))
  }
  return { held_out, without, coefficients: lowestOf([...regrets.values()]) }
}

/** A group's mean regret with each set of coefficients. */
function groupRegrets(replays: readonly Replay[], grid: readonly Coefficients[]): number[] {
  return grid.map((coefficients) => {
    const all = replays.map((replay) => {
      const value = replay.candidates[scoredIndex(replay, coefficients)]?.value ?? replay.worst
      return regretOf(replay, value)
    })
    return sum(all) / all.length
  })
}

function lowest(grid: readonly Coefficients[], regrets: readonly number[]): Coefficients {
  let best = 0
  // A difference by rounding does not count.
  for (const [at, regret] of regrets.entries()) {
    if (regret < (regrets[best] ?? NaN) - 1e-9) best = at
  }
  return grid[best] ?? {}
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
