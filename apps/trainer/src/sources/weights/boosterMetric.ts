import { directionOf } from '@bestmark/core'
import type { Candidate } from './candidate.ts'
import type { InferredMetric } from './inferred.ts'
import type { LogHistory } from './logHistory.ts'
import { directionAt } from './recordedBest.ts'

/** The loss of an objective, as LightGBM names it. */
const LOSS = /(logloss|entropy|l1|l2|rmse|mape|huber|poisson|quantile|deviance)$/

/**
 * The deciding metric of boosted trees that record no best iteration. XGBoost decides by the last
 * metric of the last set. LightGBM decides by all metrics: the one that stopped it is best at the last
 * tree of its model, and without such a stop the loss is used. Undefined for other weights.
 */
export function inferBoosterMetric(
  candidates: readonly Candidate[],
  history: LogHistory,
): InferredMetric | undefined {
  const names = [...new Set(history.rows.flatMap(({ values }) => Object.keys(values)))].reverse()
  const booster = candidates.find(({ facts }) => facts.booster !== null)?.facts.booster
  const [last] = names
  if (last === undefined || names.includes('eval_loss')) return undefined
  if (booster === 'xgboost')
    return inferred(last, "XGBoost's rule (the last metric of the last set)")
  if (booster !== 'lightgbm') return undefined
  const cut = cutMetric(names, candidates, history)
  if (cut) return cut
  const loss = names.find((name) => LOSS.test(name)) ?? (names.length === 1 ? last : undefined)
  return loss === undefined ? undefined : inferred(loss, "LightGBM's loss of the last set")
}

/** The metric that is best at the last tree of a model that has fewer trees than the log has rows. */
function cutMetric(
  names: readonly string[],
  candidates: readonly Candidate[],
  { rows, last }: LogHistory,
): InferredMetric | undefined {
  const models = candidates.filter(({ found: { hints } }) => {
    return hints.step === null && hints.epoch === null && hints.number === null
  })
  const [model] = models
  const row = rows.findLast(({ step }) => step === model?.facts.step)
  if (!model || !row || models.length > 1 || row.step >= (last.at(-1) ?? 0)) return undefined
  for (const metric of names) {
    const direction = directionAt(rows, row, metric)
    const declared_by = `${model.found.path}: ${metric} is best at its last tree (${row.step})`
    if (direction) return { metric_for_best: metric, direction, declared_by }
  }
  return undefined
}

function inferred(metric_for_best: string, declared_by: string): InferredMetric {
  return { metric_for_best, direction: directionOf(metric_for_best) ?? null, declared_by }
}
