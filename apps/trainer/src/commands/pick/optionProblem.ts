import { directionProblem, problemText, type SelectionInput, decisionOf } from '@bestmark/core'
import { optionProblemText } from '../../cli/policyProblemText.ts'
import { Failure } from '../../failure.ts'

/**
 * Why an option cannot be used in a run with evaluations, such as a metric that was never logged;
 * null if all can. Throws a Failure if the selection itself would ignore the problem: a wrong --mode,
 * or a --metric for undeclared runs that was never logged.
 */
export function optionProblemOf(input: SelectionInput): string | null {
  if (input.evaluations.length === 0) return null
  const { metric, subject_to } = input.options ?? {}
  const direction = directionProblem(input)
  if (direction) throw new Failure(optionProblemText(direction))
  const { decided } = decisionOf(input)
  const isByRun = decided.basis === 'declared' || decided.basis === 'recorded'
  if (!isByRun) assertUndeclaredLogged(input)
  const { problem } = decided
  return problem && (metric ?? subject_to) !== undefined ? problemText(problem) : null
}

function assertUndeclaredLogged({ options = {}, ...rows }: SelectionInput): void {
  if (!options.undeclared) return
  const { metric, direction } = options.undeclared
  const named = { metric, ...(direction && { direction }) }
  const { problem } = decisionOf({ ...rows, policy: 'metric', options: named }).decided
  if (problem !== null) throw new Failure(`No checkpoint can be chosen. ${problemText(problem)}`)
}
