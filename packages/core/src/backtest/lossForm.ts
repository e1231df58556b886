import { isTest, withoutSplit } from '../metric/direction.ts'
import type { Evaluation } from '../run/rows.ts'
import { curveOf, isOneCurve, type Pair } from './hiddenMetrics.ts'

/** Names of a loss in its forms. */
const FORM = /(^|[^a-z0-9]+)(loss|perplexity|ppl|nll|bpb|bpc)(?![a-z])/g

/**
 * Whether a loss-like target is the held-out loss in another form, so that the lowest loss must be
 * its best. Its curve is the same up to unit and sign, or it is the exponential, as perplexity. Or
 * it is a loss with another name over the same evaluation set that orders the candidates alike,
 * because programs round logged values.
 */
export function isLossInForm(
  target: string,
  loss: string,
  candidates: readonly Evaluation[],
): boolean {
  if (target === loss) return true
  const pairs = curveOf(candidates, target, loss)
  const logarithms = pairs.map(([value, other]): Pair => [Math.log(value), other])
  if (isOneCurve(pairs) || isOneCurve(logarithms)) return true
  const isOneSet = isTest(target) === isTest(loss) && setOf(target) === setOf(loss)
  return isOneSet && isOneOrder(pairs)
}

/** The data that a loss was measured on: its name without the split and the words for a loss. */
function setOf(metric: string): string {
  return withoutSplit(metric).replace(FORM, '')
}

/** Whether two metrics give the same order of all candidates; equal values fit any order. */
function isOneOrder(pairs: readonly Pair[]): boolean {
  const sorted = pairs.toSorted(([a, b], [c, d]) => b - d || a - c)
  return (
    sorted.length > 0 &&
    sorted.every(([value], index) => value >= (sorted[index - 1]?.[0] ?? value))
  )
}
