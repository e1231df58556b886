import { isFiniteMeasure } from '../measured.ts'
import { asLogged, measureOf } from '../metric/evaluations.ts'
import { figure, grouped } from '../metric/figure.ts'
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

/** Whether an evaluation meets every condition. */
export function meetsAll(evaluation: Evaluation, conditions: readonly Condition[]): boolean {
  return conditions.length === 0 || conditions.every((condition) => meets(evaluation, condition))
}

function meets(evaluation: Evaluation, { metric, relation, bound }: Condition): boolean {
  const value = measureOf(evaluation, metric)
  if (!isFiniteMeasure(value)) return false
  return relation === '<=' ? value <= bound : value >= bound
}

/** The first condition that an evaluation breaks, in words; undefined if it breaks none. */
export function brokenCondition(
  evaluation: Evaluation,
  conditions: readonly Condition[],
): string | undefined {
  const broken = conditions.find((condition) => !meets(evaluation, condition))
  if (!broken) return undefined
  const { metric, relation, bound } = broken
  const value = measureOf(evaluation, metric)
  const is = isFiniteMeasure(value) ? figure(value) : String(value ?? 'missing')
  const must = `it must be at ${relation === '<=' ? 'most' : 'least'} ${figure(bound)}`
  return `${metric} is ${is} at step ${grouped(evaluation.step)}, and ${must}`
}
