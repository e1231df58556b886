import { withAggregate } from '../metric/aggregate.ts'
import { firstEvaluations, loggedNames } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'
import { asLoggedConditions, conditionProblem, type Criteria } from './conditions.ts'
import { decider, type Decider } from './decider.ts'
import type { SelectionInput } from './input.ts'
import { missingOption, type PolicyProblem } from './policyProblem.ts'
import { withTraining } from './trainingSeries.ts'

/** What decides, and the evaluations that it compares. */
export interface Decision {
  decided: Decider
  /** First evaluations, in order of step, with the aggregate that the options name among their values. */
  evaluations: readonly Evaluation[]
  criteria: Criteria
}

/** Finds what decides and which evaluations it compares. */
export function decisionOf(input: SelectionInput): Decision {
  const { options = {} } = input
  const first = firstEvaluations(withTraining(input))
  const decided = decider({ ...input, options, evaluations: first })
  const { metric, direction } = decided
  const names = options.subject_to?.length ? loggedNames(first) : []
  const conditions = asLoggedConditions(options.subject_to ?? [], names)
  const problem =
    decided.problem ??
    missingOption({ policy: input.policy, options }) ??
    conditionProblem(conditions, names, input.training?.names)
  const evaluations =
    metric !== null && direction !== null ? withAggregate(first, metric, direction) : first
  return {
    decided: { ...decided, problem },
    evaluations,
    criteria: { metric: metric ?? '', conditions },
  }
}

/**
 * The problem of a direction without a metric: the deciding metric has its own direction. Null if
 * the option is useful, or not set.
 */
export function directionProblem(input: SelectionInput): PolicyProblem | null {
  const { direction: requested, ...rest } = input.options ?? {}
  if (requested === undefined || rest.metric !== undefined) return null
  const { metric, direction } = decisionOf({ ...input, options: rest }).decided
  if (metric === null || direction === null) return null
  return { code: 'direction_known', metric, direction, requested }
}
