import { FEATURES } from '../selection/features.ts'
import type { Feature, Weights } from '../selection/policyOptions.ts'
import { regretOf, type Field } from './field.ts'
import { scoredIndex } from './replay.ts'

/** Weights are shares of one, in quarters. */
const PARTS = 4

/**
 * Every way to share four quarters among the five features: 70 sets of weights. Few, because each
 * further one is another chance to fit noise; simple ones (few features) come first and win ties.
 */
export const GRID: readonly Weights[] = shares(PARTS, FEATURES)
  .reverse()
  .map((parts) => Object.fromEntries(parts.map(([name, part]) => [name, part / PARTS])))
  .sort((a, b) => Object.keys(a).length - Object.keys(b).length)

function shares(left: number, [name, ...others]: readonly Feature[]): [Feature, number][][] {
  if (name === undefined) return left === 0 ? [[]] : []
  return Array.from({ length: left + 1 }, (_, part) => part).flatMap((part) =>
    shares(left - part, others).map((rest): [Feature, number][] =>
      part === 0 ? rest : [[name, part], ...rest],
    ),
  )
}

/** What the weights chosen on all other groups pick in each run, and the weights chosen on all. */
export interface Fitted {
  /** For each field the index of its candidate; empty where there is only one group. */
  held_out: Map<Field, number>
  /** For each group the weights that were chosen without it. */
  without: Map<string, Weights>
  weights: Weights
}

/**
 * Chooses the weights of policy `scored` by the mean over groups of their mean regret, so that a
 * repository of a hundred sibling runs says no more than one of a single run: what is asked is how
 * the weights do in a repository never seen. O(runs × candidates × grid).
 */
export function fitted(fields: readonly Field[]): Fitted {
  const groups = Map.groupBy(fields, ({ run }) => run.group)
  const regrets = new Map([...groups].map(([group, some]) => [group, groupRegrets(some)]))
  const totals = GRID.map((_, at) => sum([...regrets.values()].map((one) => one[at] ?? 0)))
  const held_out = new Map<Field, number>()
  const without = new Map<string, Weights>()
  for (const [group, some] of groups) {
    if (groups.size < 2) break
    const others = [...regrets].filter(([name]) => name !== group).map(([, one]) => one)
    // Summed anew: a difference of totals would let the group's own figures in by rounding.
    const weights = lowest(GRID.map((_, at) => sum(others.map((one) => one[at] ?? 0))))
    without.set(group, weights)
    for (const field of some) held_out.set(field, scoredIndex(field, weights))
  }
  return { held_out, without, weights: lowest(totals) }
}

/** A group's mean regret with each set of weights. */
function groupRegrets(fields: readonly Field[]): number[] {
  return GRID.map((weights) => {
    const all = fields.map((field) => {
      const value = field.values[scoredIndex(field, weights)] ?? field.worst
      return regretOf(field, value)
    })
    return sum(all) / all.length
  })
}

function lowest(regrets: readonly number[]): Weights {
  let best = 0
  // Weights that are better by rounding alone are not better.
  for (const [at, regret] of regrets.entries()) {
    if (regret < (regrets[best] ?? NaN) - 1e-9) best = at
  }
  return GRID[best] ?? {}
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
