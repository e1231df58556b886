import { isFiniteMeasure } from '../measured.ts'
import { measureOf, metricNames } from '../metric/evaluations.ts'
import { isLossLike } from '../selection/score.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Rows } from './target.ts'

/** Two normalised curves that differ by at most this are the same curve. */
const ALIKE = 1e-6

/** Two curves with fewer common points may differ. */
const FEWEST_PLACES = 3

/**
 * The target, its standard error, and metrics that are the target in another form, so that no
 * policy sees it by another name. Such a metric has the same curve up to unit and sign, as micro-F1
 * and accuracy.
 */
export function hiddenMetrics(target: string, candidates: readonly Evaluation[]): string[] {
  const twins = metricNames(candidates).filter((name) => {
    return name !== target && !isLossLike(name) && isOneCurve(curveOf(candidates, target, name))
  })
  return [target, ...twins].flatMap((name) => [name, `${name}_stderr`])
}

/** Pairs of values of two metrics, if both are finite. */
export type Pair = [number, number]

/** The values of two metrics at the candidates where both are finite. */
export function curveOf(candidates: readonly Evaluation[], one: string, other: string): Pair[] {
  return candidates.flatMap((candidate): Pair[] => {
    const [a, b] = [measureOf(candidate, one), measureOf(candidate, other)]
    return isFiniteMeasure(a) && isFiniteMeasure(b) ? [[a, b]] : []
  })
}

/** Whether two metrics are one curve up to unit and sign. */
export function isOneCurve(pairs: readonly Pair[]): boolean {
  if (pairs.length < FEWEST_PLACES) return false
  const expected = normalised(pairs.map(([one]) => one))
  const other = normalised(pairs.map(([, one]) => one))
  const is = (form: (value: number) => number): boolean =>
    other.every((value, index) => Math.abs(form(value) - (expected[index] ?? NaN)) <= ALIKE)
  return is((value) => value) || is((value) => 1 - value)
}

function normalised(values: readonly number[]): number[] {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  return values.map((value) => (value - low) / (high - low))
}

/** The rows without the hidden metrics: they are neither measured, declared nor claimed. */
export function withoutHidden(rows: Rows, hidden: readonly string[]): Rows {
  const { declaration, claim } = rows
  const names = new Set<string | null>(hidden)
  const hides = (name: string | null): boolean => names.has(name) || names.has(`eval_${name}`)
  const undeclared = { ...declaration, metric: null, direction: null, declared_by: null }
  return {
    ...rows,
    declaration: hides(declaration.metric) ? undeclared : declaration,
    claim: claim && hides(claim.metric) ? null : claim,
    evaluations: rows.evaluations.map((evaluation) => {
      const kept = Object.entries(evaluation.values).filter(([name]) => !names.has(name))
      return { ...evaluation, values: Object.fromEntries(kept) }
    }),
  }
}
