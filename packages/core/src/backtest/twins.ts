import type { Backtest, PolicyFigures } from './figures.ts'
import { LOWEST } from './picks.ts'

/** The policy that does the same as the baseline of the lowest loss. */
const TWIN = 'lowest_eval_loss'

/**
 * The policies and baselines to show. The baseline `lowest eval_loss` is left out if policy
 * `lowest_eval_loss` picked the same in every run: then both rows are one.
 */
export function distinctPolicies({
  replayed,
  policies,
}: Pick<Backtest, 'replayed' | 'policies'>): PolicyFigures[] {
  const isTwin = replayed.every(({ picks }) => {
    const [twin, baseline] = [TWIN, LOWEST].map((name) => picks.find((one) => one.policy === name))
    return twin?.step === baseline?.step && twin?.attempt === baseline?.attempt
  })
  if (!isTwin) return [...policies]
  return policies.filter(({ policy }) => policy !== LOWEST).map(withoutTwin)
}

/** The policy is the baseline now. It is not compared with itself, and the others name it. */
function withoutTwin(one: PolicyFigures): PolicyFigures {
  const isIt = one.policy === TWIN
  const beside = one.beside.flatMap((other) => {
    if (other.baseline !== LOWEST) return [other]
    return isIt ? [] : [{ ...other, baseline: TWIN }]
  })
  return { ...one, kind: isIt ? 'baseline' : one.kind, beside }
}
