import { isFiniteMeasure } from '../measured.ts'
import { finder, measureOf, metricNames } from '../metric/evaluations.ts'
import { setOwn } from '../named.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Ranked } from '../selection/selection.ts'
import type { MetricFigures } from './comparison.ts'

const NONE: MetricFigures = {
  ...{ at_best: null, last: null },
  ...{ min: null, min_step: null, max: null, max_step: null },
}

/**
 * The figures of each metric of a run. `evaluations` are the first ones, in order of step. A later
 * step does not replace an equal extreme. O(evaluations × metrics).
 */
export function metricFigures(
  evaluations: readonly Evaluation[],
  best: Ranked | null,
): Record<string, MetricFigures> {
  const at = best && finder(evaluations)(best)
  const figures: Record<string, MetricFigures> = {}
  for (const metric of metricNames(evaluations)) {
    const at_best = (at && measureOf(at, metric)) ?? null
    setOwn(figures, metric, { ...figuresOf(evaluations, metric), at_best })
  }
  return figures
}

function figuresOf(evaluations: readonly Evaluation[], metric: string): MetricFigures {
  const figures = { ...NONE }
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, metric)
    if (value === undefined) continue
    figures.last = value
    if (!isFiniteMeasure(value)) continue
    const { step } = evaluation
    if (figures.min === null || value < figures.min)
      Object.assign(figures, { min: value, min_step: step })
    if (figures.max === null || value > figures.max)
      Object.assign(figures, { max: value, max_step: step })
  }
  return figures
}
