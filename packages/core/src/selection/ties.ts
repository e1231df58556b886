import { byStep } from '../run/keys.ts'
import type { Evaluation } from '../run/rows.ts'
import { finder } from '../metric/evaluations.ts'
import { listedWords } from '../metric/figure.ts'
import { noiseOf } from './noise.ts'
import type { NearTies, Ranked } from './selection.ts'

/** As many steps as a sentence lists. */
const MOST = 4

/**
 * The candidates whose value is within one standard error of the strictly best one (the "one
 * standard error rule" of Breiman et al., Classification and Regression Trees, 1984). `ranking` is
 * strictly best first, `evaluations` the first ones in order of step. Null if the noise is unknown.
 */
export function nearTies(
  ranking: readonly Ranked[],
  evaluations: readonly Evaluation[],
  metric: string,
): NearTies | null {
  const [best] = ranking
  const at = best && finder(evaluations)(best)
  const noise = at && noiseOf({ evaluations, at }, metric)
  if (!best || !noise) return null
  const end = ranking.findIndex(({ value }) => Math.abs(value - best.value) > noise.standard_error)
  const candidates = ranking.slice(0, end === -1 ? undefined : end).sort(byStep)
  return { noise, candidates, text: words(candidates, ranking, noise) }
}

function words(
  candidates: readonly Ranked[],
  ranking: readonly Ranked[],
  noise: NearTies['noise'],
): string {
  if (candidates.length < 2) {
    return ranking.length < 2 ? '' : `No other checkpoint is within the noise (${noise.text}).`
  }
  const steps = stepsInWords(candidates, ranking)
  return noise.standard_error === 0
    ? `${steps} have the same value.`
    : `${steps} are within the noise (${noise.text}).`
}

/**
 * "Step 400", "Steps 400 and 500", "2 checkpoints of step 400"; a range if it includes every
 * candidate between its ends.
 */
export function stepsInWords(
  some: readonly Pick<Ranked, 'step' | 'attempt'>[],
  all: readonly Pick<Ranked, 'step' | 'attempt'>[],
): string {
  const steps = [...new Set(some.map(({ step }) => step))].map(String)
  const first = some[0]?.step ?? NaN
  const last = some.at(-1)?.step ?? NaN
  if (some.length === 1) return `Step ${first}`
  if (steps.length === 1) return `${some.length} checkpoints of step ${first}`
  const between = all.filter(({ step }) => step >= first && step <= last).length
  if (steps.length > 2 && between === some.length) return `Steps ${first}–${last}`
  if (steps.length <= MOST) return `Steps ${listedWords(steps)}`
  return `${steps.length} steps between ${first} and ${last}`
}
