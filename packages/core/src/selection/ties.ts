import { isSameStep, type StepKey } from '../run/keys.ts'
import type { Evaluation } from '../run/rows.ts'
import { finder } from '../metric/evaluations.ts'
import type { Candidates } from './candidates.ts'
import type { Leaders } from './leaders.ts'
import { noiseOf } from './noise.ts'
import { once } from './once.ts'
import type { NearTies, Noise, Ranked } from './selection.ts'
import { TiedSteps } from './tiedSteps.ts'

/** The values within one standard error of the strictly best one. */
interface Band {
  noise: Noise
  /** Attempt, step and value of the strictly best. */
  key: StepKey
  value: number
}

/**
 * The candidates whose value is within one standard error of the strictly best one (the "one
 * standard error rule" of Breiman et al., Classification and Regression Trees, 1984).
 */
export interface Ties extends Band {
  /** The strictly best is one of them. */
  steps: TiedSteps
  /** Those at another step than the strictly best. */
  others: TiedSteps
}

/** `evaluations` are the first ones in order of step. Null if the noise is unknown. O(candidates). */
export function tiesOf(
  candidates: Candidates,
  { best }: Leaders,
  evaluations: readonly Evaluation[],
  metric: string,
): Ties | null {
  if (best === -1) return null
  const key = candidates.keyAt(best)
  const at = finder(evaluations)(key)
  const noise = at && noiseOf({ evaluations, at }, metric)
  if (!noise) return null
  const band = { noise, key, value: candidates.valueAt(best) }
  const steps = new TiedSteps(candidates)
  const others = new TiedSteps(candidates)
  collect(candidates, band, (index, number) => {
    const here = candidates.keyAt(index)
    steps.add(index, number, here.step)
    if (!isSameStep(here, key)) others.add(index, number, here.step)
  })
  return { ...band, steps, others }
}

/** The near ties at another step than `best`, which a policy may prefer to the strictly best. */
export function tiesBeside(candidates: Candidates, ties: Ties, best: StepKey): TiedSteps {
  if (isSameStep(best, ties.key)) return ties.others
  const others = new TiedSteps(candidates)
  collect(candidates, ties, (index, number) => {
    const here = candidates.keyAt(index)
    if (!isSameStep(here, best)) others.add(index, number, here.step)
  })
  return others
}

/** Calls `add` with the row of each near tie, and its number among all candidates. */
function collect(
  candidates: Candidates,
  { value, noise: { standard_error } }: Band,
  add: (index: number, number: number) => void,
): void {
  let number = 0
  for (const { from, values } of candidates.blocks()) {
    for (let at = 0; at < values.length; at++) {
      const other = values[at] ?? NaN
      if (Number.isNaN(other)) continue
      number++
      if (Math.abs(other - value) <= standard_error) add(from + at, number)
    }
  }
}

/** The near ties as a part of the decision; the list is made when it is read. */
export function nearTies(candidates: Candidates, ties: Ties, { count }: Leaders): NearTies {
  const tied = once(() => {
    const found: Ranked[] = []
    collect(candidates, ties, (index) => found.push(candidates.rankedAt(index)))
    return found
  })
  const { noise } = ties
  const text = words(ties, count)
  return {
    noise,
    get candidates() {
      return tied()
    },
    text,
  }
}

function words({ noise, steps }: Ties, count: number): string {
  if (steps.count < 2) {
    return count < 2 ? '' : `No other checkpoint is within the noise (${noise.text}).`
  }
  return noise.standard_error === 0
    ? `${steps.words()} have the same value.`
    : `${steps.words()} are within the noise (${noise.text}).`
}
