import { measureOf } from '../selection/evaluations.ts'
import { isLossLike } from '../selection/score.ts'
import type { Evaluation } from '../selection/selection.ts'
import type { Rows } from './field.ts'
import { measuredNames } from './target.ts'

/** How near two normalised curves are that are one curve. */
const ALIKE = 1e-6

/**
 * The target, its standard error, and metrics that are the target in another form (the same curve
 * up to its unit and sign, as micro-F1 is accuracy), so that no policy sees it by another name.
 */
export function hiddenOf(target: string, candidates: readonly Evaluation[]): string[] {
  const curve = (metric: string): number[] =>
    normalised(candidates.map((one) => measureOf(one, metric) ?? NaN))
  const known = curve(target)
  const twins = measuredNames(candidates).filter((name) => {
    if (name === target || isLossLike(name)) return false
    const other = curve(name)
    const is = (form: (value: number) => number): boolean =>
      other.every((value, index) => Math.abs(form(value) - (known[index] ?? NaN)) < ALIKE)
    return is((value) => value) || is((value) => 1 - value)
  })
  return [target, ...twins].flatMap((name) => [name, `${name}_stderr`])
}

function normalised(values: readonly number[]): number[] {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  return values.map((value) => (value - low) / (high - low))
}

/** The rows as they are for who may not look: nothing that is hidden is measured, declared or claimed. */
export function blindly(rows: Rows, hidden: readonly string[]): Rows {
  const { declaration, claim } = rows
  const hides = (name: string | null): boolean =>
    name !== null && (hidden.includes(name) || hidden.includes(`eval_${name}`))
  const undeclared = { ...declaration, metric: null, direction: null, declared_by: null }
  return {
    ...rows,
    declaration: hides(declaration.metric) ? undeclared : declaration,
    claim: claim && hides(claim.metric) ? null : claim,
    evaluations: rows.evaluations.map((evaluation) => {
      const kept = Object.entries(evaluation.values).filter(([name]) => !hidden.includes(name))
      return { ...evaluation, values: Object.fromEntries(kept) }
    }),
  }
}
