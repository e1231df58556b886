import { isFiniteMeasure } from '../measured.ts'
import { asLogged, measureOf } from '../metric/evaluations.ts'
import { figure } from '../metric/figure.ts'
import type { Evaluation } from '../run/rows.ts'
import type { Condition } from './policyOptions.ts'
import { type PolicyProblem, valueProblem } from './policyProblem.ts'

/** The deciding metric, and the bounds that candidates must meet. */
export interface Criteria {
  metric: string
  conditions: readonly Condition[]
}

/** The conditions with the logged names of their metrics. */
export function asLoggedConditions(
  conditions: readonly Condition[],
  names: readonly string[],
): Condition[] {
  return conditions.map((one) => ({ ...one, metric: asLogged(one.metric, names) }))
}

/** The problem with the conditions: a metric without values. */
export function conditionProblem(
  conditions: readonly Condition[],
  names: readonly string[],
  training?: readonly string[],
): PolicyProblem | null {
  const unknown = conditions.find(({ metric }) => !names.includes(metric))
  return unknown ? valueProblem(unknown.metric, names, training) : null
}

/** The first condition that an evaluation breaks, in words; undefined if it breaks none. */
export function brokenCondition(
  evaluation: Evaluation,
  conditions: readonly Condition[],
): string | undefined {
  for (const { metric, relation, bound } of conditions) {
    const value = measureOf(evaluation, metric)
    const most = relation === '<='
    const must = `it must be at ${most ? 'most' : 'least'} ${figure(bound)}`
    const where = `at step ${evaluation.step}`
    if (!isFiniteMeasure(value)) return `${metric} is ${value ?? 'missing'} ${where}, and ${must}`
    if (most ? value > bound : value < bound)
      return `${metric} is ${figure(value)} ${where}, and ${must}`
  }
  return undefined
}
