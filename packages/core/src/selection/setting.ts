import { withAggregate } from '../metric/aggregate.ts'
import { firstEvaluations, loggedNames } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'
import { asLoggedConditions, conditionProblem, type Judged } from './conditions.ts'
import { decider, type Decider } from './decider.ts'
import type { SelectionInput } from './input.ts'
import { missingOption, type PolicyProblem } from './policyProblem.ts'

/** What decides, and the evaluations that it decides over. */
export interface Setting {
  decided: Decider
  /** First evaluations, in order of step, with a told aggregate among their values. */
  evaluations: readonly Evaluation[]
  judged: Judged
}

/** What decides and over which values, before anything is compared. */
export function settingOf(input: SelectionInput): Setting {
  const { told = {} } = input
  const first = firstEvaluations(input.evaluations)
  const decided = decider({ ...input, told, evaluations: first })
  const { metric, direction } = decided
  const names = told.subject_to?.length ? loggedNames(first) : []
  const conditions = asLoggedConditions(told.subject_to ?? [], names)
  const problem =
    decided.problem ??
    missingOption({ policy: input.policy, told }) ??
    conditionProblem(conditions, names)
  const evaluations =
    metric !== null && direction !== null ? withAggregate(first, metric, direction) : first
  return {
    decided: { ...decided, problem },
    evaluations,
    judged: { metric: metric ?? '', conditions },
  }
}

/**
 * Whether a direction alone is of use: only where that of the metric that decides is not known.
 * Null where it is, or where none was asked for.
 */
export function directionProblem(input: SelectionInput): PolicyProblem | null {
  const { direction: asked, ...rest } = input.told ?? {}
  if (asked === undefined || rest.metric !== undefined) return null
  const { metric, direction } = settingOf({ ...input, told: rest }).decided
  if (metric === null || direction === null) return null
  return { code: 'direction_known', metric, direction, asked }
}
