import type { Measured } from '../measured.ts'
import type { Detail, Evaluation } from './selection.ts'

/** Rates and times that ride along with an evaluation; they say nothing of the weights. */
const NO_MEASURE = /(^|_)(runtime|samples_per_second|steps_per_second|preparation_time|samples)$/

/** One measurement; undefined where there is none, whatever the metric is called. */
export function measureOf(
  { values }: Pick<Evaluation, 'values'>,
  metric: string,
): Measured | undefined {
  return Object.hasOwn(values, metric) ? values[metric] : undefined
}

/** What is known of one measured value: where it stands, of how many samples, who scored it. */
export function detailOf({ details, origin, samples = null }: Evaluation, metric: string): Detail {
  const own = details && Object.hasOwn(details, metric) ? details[metric] : undefined
  return own ?? { origin, samples }
}

/** Where an evaluation or a checkpoint belongs: weights are told apart by attempt and step. */
export function weightsKey(of: { attempt: number; step: number | null }): string {
  return `${of.attempt}:${of.step}`
}

/**
 * One evaluation for each (attempt, step), in order of step, then attempt, then arrival. The first
 * measurement of a metric counts; repeats of it are dropped.
 */
export function firstEvaluations(evaluations: readonly Evaluation[]): Evaluation[] {
  const byWeights = new Map<string, Evaluation>()
  for (const evaluation of evaluations) {
    const key = weightsKey(evaluation)
    const first = byWeights.get(key)
    byWeights.set(
      key,
      first ? { ...first, values: { ...evaluation.values, ...first.values } } : evaluation,
    )
  }
  return [...byWeights.values()].sort((a, b) => a.step - b.step || a.attempt - b.attempt)
}

/** Names of everything measured, in order of first appearance, without rates and times. */
export function metricNames(evaluations: readonly Evaluation[]): string[] {
  const names = new Set<string>()
  for (const { values } of evaluations) {
    for (const name of Object.keys(values)) if (!NO_MEASURE.test(name)) names.add(name)
  }
  return [...names]
}
