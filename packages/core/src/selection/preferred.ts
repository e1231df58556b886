import { byStep } from '../run/keys.ts'
import { featuresOf, scoreOf } from './score.ts'
import type { SelectionInput } from './input.ts'
import type { NearTies, Ranked } from './selection.ts'
import type { Preference, Coefficients } from './policyOptions.ts'

/**
 * The ranking by policy. `within_noise` puts the preferred near tie first, `scored` orders by the
 * score; other policies keep the strict ranking.
 */
export function preferred(
  strict: Ranked[],
  near_ties: NearTies | null,
  input: SelectionInput,
): Ranked[] {
  const { policy, options = {} } = input
  if (policy === 'within_noise') return firstOfTies(strict, near_ties, options.prefer)
  if (policy === 'scored' && options.coefficients)
    return byScore(strict, input, options.coefficients)
  return strict
}

function firstOfTies(
  strict: Ranked[],
  near_ties: NearTies | null,
  prefer: Preference | undefined,
): Ranked[] {
  const ties = near_ties?.candidates ?? []
  const taken = prefer === 'latest' ? ties.at(-1) : ties[0]
  return taken ? [taken, ...strict.filter((one) => one !== taken)] : strict
}

function byScore(
  strict: readonly Ranked[],
  { evaluations, trainLoss, declaration }: SelectionInput,
  coefficients: Coefficients,
): Ranked[] {
  const { directions } = declaration
  const features = featuresOf({ candidates: strict, evaluations, trainLoss, directions })
  const scored = strict.map((one, index) => {
    const values = features[index]
    return { ...one, score: values ? scoreOf(values, coefficients) : Infinity }
  })
  return scored.sort((a, b) => a.score - b.score || byStep(a, b))
}
