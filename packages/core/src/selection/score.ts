import type { Direction } from '../run/event.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import type { RunContext } from '../run/context.ts'
import { isTest, withoutSplit } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { finder, measureOf, metricNames } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'
import { FEATURES } from './features.ts'
import type { Feature, Coefficients } from './policyOptions.ts'
import { lowestLoss } from './undeclared.ts'
import { ownValue } from '../named.ts'

/** The features of one candidate among those of its run: each 0 (best) to 1 (worst). */
export type Features = Record<Feature, number>

/** A candidate is identified by attempt and step; `Ranked` is one of these. */
interface Candidate {
  attempt: number
  step: number
}

export interface FeatureInput {
  candidates: readonly Candidate[]
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
  trainLoss?: RunContext['trainLoss'] | undefined
  /** The held-out loss; by default the one that policy `lowest_eval_loss` uses. */
  loss?: string | undefined
  /** Metrics that must not be used, such as the target of a backtest. */
  hidden?: readonly string[]
  /** Directions of metrics whose names do not show them. */
  directions?: Readonly<Record<string, Direction>> | undefined
}

/** The weight of an evaluation against the mean of all before it. */
const SMOOTHING = 0.5
const UNKNOWN = 0.5
const LOSS_LIKE = /(^|[^a-z])(loss|perplexity|ppl|nll|bpb|bpc)([^a-z]|$)/
/** Features are compared to so many digits, so that a change of unit never breaks a tie. */
const PARTS = 1e9

/**
 * The features of a run's candidates, in the same order, each normalised to the range that it has
 * in the run. A missing or non-finite value counts as the worst (1). A feature that is constant or
 * missing everywhere is 0.5 for all. O(evaluations × metrics).
 */
export function featuresOf(input: FeatureInput): Features[] {
  const { candidates, evaluations, hidden = [], trainLoss } = input
  const { loss = lowestLoss(metricNames(evaluations)).metric } = input
  const measured = candidates.map(finder(evaluations))
  const at = (metric: string): Measured[] =>
    measured.map((evaluation) => valueAt(evaluation, metric))
  const seesLoss = !hidden.includes(loss)
  const losses = seesLoss ? at(loss) : candidates.map(() => null)
  const smoothed = smoothedLosses(seesLoss ? evaluations : [], loss)
  const columns: Record<Feature, number[]> = {
    eval_loss: normalised(losses, 'min'),
    smoothed_loss: normalised(
      measured.map((evaluation) => (evaluation && smoothed.get(evaluation)) ?? null),
      'min',
    ),
    loss_gap: normalised(
      candidates.map((one, index) => gap(losses[index], trainLoss?.(one))),
      'min',
    ),
    age: normalised(
      candidates.map(({ step }) => step),
      'max',
    ),
    task_metrics: taskMetrics({ ...input, loss }, at),
  }
  return candidates.map((_, index) => {
    const entries = FEATURES.map((name) => [name, columns[name][index] ?? UNKNOWN])
    // All names come from the feature's list, so every one exists.
    return Object.fromEntries(entries) as Features
  })
}

/** What policy `scored` ranks by: Σ weight × feature, the lowest wins. */
export function scoreOf(features: Features, coefficients: Coefficients): number {
  let score = 0
  for (const name of FEATURES) score += (coefficients[name] ?? 0) * features[name]
  return score
}

/** Whether a metric is a held-out loss in some form, and not a task metric. */
export function isLossLike(metric: string): boolean {
  return LOSS_LIKE.test(withoutSplit(metric))
}

function valueAt(evaluation: Evaluation | undefined, metric: string): Measured {
  return (evaluation && measureOf(evaluation, metric)) ?? null
}

/** An exponential mean over an attempt's finite losses, from its first evaluation on. */
function smoothedLosses(evaluations: readonly Evaluation[], loss: string): Map<Evaluation, number> {
  const running = new Map<number, number>()
  const smoothed = new Map<Evaluation, number>()
  for (const evaluation of evaluations) {
    const value = measureOf(evaluation, loss)
    if (!isFiniteMeasure(value)) continue
    const before = running.get(evaluation.attempt) ?? value
    const mean = before + SMOOTHING * (value - before)
    running.set(evaluation.attempt, mean)
    smoothed.set(evaluation, mean)
  }
  return smoothed
}

function gap(loss: Measured | undefined, trained: Measured | undefined): Measured {
  return isFiniteMeasure(loss) && isFiniteMeasure(trained) ? loss - trained : null
}

/** The mean normalised value of all other metrics with a known direction, without test splits. */
function taskMetrics(
  { candidates, evaluations, hidden = [], loss, directions = {} }: FeatureInput,
  at: (metric: string) => Measured[],
): number[] {
  const columns: number[][] = []
  for (const metric of metricNames(evaluations)) {
    if (metric === loss || hidden.includes(metric)) continue
    if (isLossLike(metric) || isTest(metric)) continue
    const direction = ownValue(directions, metric) ?? directionOf(metric)
    if (direction) columns.push(normalised(at(metric), direction))
  }
  const sums = candidates.map((_, index) => {
    return columns.reduce((total, column) => total + (column[index] ?? UNKNOWN), 0)
  })
  return normalised(sums, 'min')
}

function normalised(values: readonly Measured[], better: Direction): number[] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (!isFiniteMeasure(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  // A range above the largest double is halved first.
  const unit = Number.isFinite(high - low) ? 1 : 2
  const range = high / unit - low / unit
  if (!(range > 0)) return values.map(() => UNKNOWN)
  return values.map((value) => {
    if (!isFiniteMeasure(value)) return 1
    const share = (value / unit - low / unit) / range
    return Math.round(PARTS * (better === 'min' ? share : 1 - share)) / PARTS
  })
}
