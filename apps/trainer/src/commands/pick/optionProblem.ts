import { directionProblem, problemText, type SelectionInput, decisionOf } from '@bestmark/core'
import { optionProblemText } from '../../cli/policyProblemText.ts'
import { Failure } from '../../failure.ts'

/**
 * What was asked for and cannot be done in a run where something was evaluated, such as a metric
 * that was never logged; null where all can. Throws a Failure where it would go unnoticed: a
 * direction of a metric that has one, or an answer that names what was never logged.
 */
export function optionProblemOf(input: SelectionInput): string | null {
  if (input.evaluations.length === 0) return null
  const { metric, subject_to } = input.options ?? {}
  const direction = directionProblem(input)
  if (direction) throw new Failure(optionProblemText(direction))
  const { decided } = decisionOf(input)
  const isTheRuns = decided.basis === 'declared' || decided.basis === 'recorded'
  if (!isTheRuns) refuseAnswer(input)
  const { problem } = decided
  return problem && (metric ?? subject_to) !== undefined ? problemText(problem) : null
}

function refuseAnswer({ options = {}, ...rows }: SelectionInput): void {
  if (!options.undeclared) return
  const { metric, direction } = options.undeclared
  const named = { metric, ...(direction && { direction }) }
  const { problem } = decisionOf({ ...rows, policy: 'metric', options: named }).decided
  if (problem !== null) throw new Failure(`No checkpoint can be chosen. ${problemText(problem)}`)
}
