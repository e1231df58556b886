import type { Direction } from '../run/event.ts'
import { isTest, withoutSplit } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { metricNames } from '../metric/evaluations.ts'
import { overallNamed, overallFirst } from '../metric/overall.ts'
import { isLossLike } from '../selection/score.ts'
import { decisionOf } from '../selection/decision.ts'
import type { Evaluation } from '../run/rows.ts'
import type { RunRows } from '../run/rows.ts'
import { ownValue } from '../named.ts'

/** A run's rows, which are only read. */
export interface Rows extends Omit<RunRows, 'evaluations'> {
  evaluations: readonly Evaluation[]
}

/** A metric with its logged name. */
export interface Target {
  metric: string
  /** Undefined if neither the name, the run nor a person gives the direction. */
  direction: Direction | undefined
}

/** Task metrics, by the end of their name, the most informative first. */
const TASK_METRICS = [
  /macro[_ /-]*f1|f1[_ /-]*macro/,
  /(^|[^a-z])f1$/,
  /(^|[^a-z])auprc$/,
  /(^|[^a-z])acc(uracy)?$/,
  /(^|[^a-z])wer$/,
  /(^|[^a-z])cer$/,
  /(^|[^a-z])(em|exact_match)$/,
  /(^|[^a-z])(s?bleu|chrf|rouge.*)$/,
]

/** The target `task`: the task metric of each run. */
const TASK = 'task'

/** A wanted target in words: a name, or what `task` stands for. */
export function targetWords(wanted: string): string {
  const several = wanted.split(',').map((part) => part.trim())
  return several.map((one) => (one === TASK ? "each run's own task metric" : one)).join(', else ')
}

/**
 * The target of a run. `wanted` is a name as logged or without its split (`accuracy` finds
 * `eval_accuracy`), `task` for the run's task metric, or several of these with commas: then the
 * first that the run logged. A given direction has priority for one name; for several it applies to
 * those whose direction is unknown. Undefined if the run logged none.
 */
export function targetOf(
  rows: Rows,
  evaluations: readonly Evaluation[],
  wanted: string,
  direction?: Direction,
): Target | undefined {
  const names = metricNames(evaluations)
  const several = wanted.split(',').map((part) => part.trim())
  for (const name of several) {
    const matched = named(names, name)
    const metric = matched ?? (name === TASK ? taskMetric(rows, evaluations) : undefined)
    if (metric === undefined) continue
    const declared = ownValue(rows.declaration.directions, metric) ?? directionOf(metric)
    const ofRun = declared ?? declaredDirection(rows, metric)
    const isOne = several.length === 1 && matched !== undefined
    return { metric, direction: isOne ? (direction ?? ofRun) : (ofRun ?? direction) }
  }
  return undefined
}

/**
 * The logged name, otherwise the metric of that name over all classes. If several splits logged it,
 * the test split comes last.
 */
export function named(names: readonly string[], wanted: string): string | undefined {
  if (names.includes(wanted)) return wanted
  const alike = names.filter((name) => withoutSplit(name) === withoutSplit(wanted))
  return alike.find((name) => !isTest(name)) ?? alike[0] ?? overallNamed(names, wanted)
}

/**
 * Metrics, except losses, whose direction is clear; the most informative first, test splits last.
 */
export function taskMetrics(rows: Rows, evaluations: readonly Evaluation[]): string[] {
  const { directions } = rows.declaration
  const names = metricNames(evaluations).filter(
    (name) => !isLossLike(name) && (ownValue(directions, name) ?? directionOf(name)) !== undefined,
  )
  const rank = (name: string): number => {
    const found = TASK_METRICS.findIndex((pattern) => pattern.test(withoutSplit(name)))
    return (
      (found === -1 ? TASK_METRICS.length : found) + (isTest(name) ? TASK_METRICS.length + 1 : 0)
    )
  }
  return overallFirst(names, rank)
}

/** The metric that the run declared, if it is not a loss; otherwise its most informative metric. */
function taskMetric(rows: Rows, evaluations: readonly Evaluation[]): string | undefined {
  const { metric } = decisionOf({ ...rows, policy: 'as_declared' }).decided
  const own = metricNames(evaluations).find((name) => name === metric && !isLossLike(name))
  return own ?? taskMetrics(rows, evaluations)[0]
}

function declaredDirection({ declaration }: Rows, metric: string): Direction | undefined {
  const { metric: declared, direction } = declaration
  const isDeclared = declared !== null && withoutSplit(declared) === withoutSplit(metric)
  return isDeclared ? (direction ?? undefined) : undefined
}
