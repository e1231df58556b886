import type { Direction } from '../run/event.ts'
import { byStep } from '../run/keys.ts'
import type { Candidates } from './candidates.ts'
import { featuresOf, scoreOf } from './score.ts'
import type { SelectionInput } from './input.ts'
import { type Leaders, orderOf } from './leaders.ts'
import type { Coefficients, PolicyOptions } from './policyOptions.ts'
import type { Ranked } from './selection.ts'
import type { Ties } from './ties.ts'

/** The ranking by policy. */
export interface Ranking {
  best: Ranked | null
  runner_up: Ranked | null
  /** Every candidate, best first. O(n log n). */
  all: () => Ranked[]
}

/**
 * `within_noise` puts the preferred near tie first, `scored` orders by the score; other policies
 * keep the strict order of the values.
 */
export function preferred(
  candidates: Candidates,
  leaders: Leaders,
  ties: Ties | null,
  input: SelectionInput & { direction: Direction },
): Ranking {
  const { policy, direction, options = {} } = input
  const strict = (): number[] => orderOf(candidates.blocks(), leaders, direction)
  const at = (index: number): Ranked => candidates.rankedAt(index)
  if (policy === 'scored' && options.coefficients) {
    const all = byScore(strict().map(at), input, options.coefficients)
    const [best = null, runner_up = null] = all
    return { best, runner_up, all: () => all }
  }
  const first = policy === 'within_noise' && ties ? preferredTie(ties, options) : leaders.best
  const isStrict = first === leaders.best
  const second = isStrict ? leaders.next : leaders.best
  const all = (): number[] =>
    isStrict ? strict() : [first, ...strict().filter((one) => one !== first)]
  return {
    best: first === -1 ? null : at(first),
    runner_up: second === -1 ? null : at(second),
    all: () => all().map(at),
  }
}

function preferredTie({ steps }: Ties, { prefer }: PolicyOptions): number {
  return prefer === 'latest' ? steps.last : steps.first
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
