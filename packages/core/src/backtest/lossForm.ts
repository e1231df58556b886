import { isTest, withoutSplit } from '../metric/direction.ts'
import type { Evaluation } from '../run/rows.ts'
import { curveOf, isOneCurve, type Pair } from './hiddenMetrics.ts'

/** What a loss is called in its forms. */
const FORM = /(^|[^a-z0-9]+)(loss|perplexity|ppl|nll|bpb|bpc)(?![a-z])/g

/**
 * Whether a target that is like a loss is the held-out loss in another form, by which the lowest
 * loss is the best of necessity: the same curve up to unit and sign; its exponential, as perplexity
 * is; or a loss by another name over the same evaluation set that puts the candidates in the same
 * order, since programs round what they log.
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
  return setOf(target) === setOf(loss) && isOneOrder(pairs)
}

/** A loss's name without what it is called: what it was measured on. */
function setOf(metric: string): string {
  return `${isTest(metric) ? 'test ' : ''}${withoutSplit(metric).replace(FORM, '')}`
}

/** Whether two metrics put all candidates in one order; equal values in either are in any. */
function isOneOrder(pairs: readonly Pair[]): boolean {
  const sorted = pairs.toSorted(([a, b], [c, d]) => b - d || a - c)
  return (
    sorted.length > 0 &&
    sorted.every(([value], index) => value >= (sorted[index - 1]?.[0] ?? value))
  )
}
