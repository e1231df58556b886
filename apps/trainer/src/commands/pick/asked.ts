import { type SelectionInput, settingOf } from '@bestmark/core'
import { Failure } from '../../failure.ts'

/**
 * What was asked for and cannot be done in a run, where something was evaluated: a metric that was
 * never logged; null where all can. Throws a Failure where it would go unnoticed: a direction of a
 * metric that has one, or an answer that names what was never logged.
 */
export function problemOf(input: SelectionInput): string | null {
  if (input.evaluations.length === 0) return null
  const { metric, direction, subject_to } = input.told ?? {}
  if (direction !== undefined && metric === undefined) refuseDirection(input)
  const { decided } = settingOf(input)
  const isTheRuns = decided.basis === 'declared' || decided.basis === 'recorded'
  if (!isTheRuns) refuseAnswer(input)
  return metric !== undefined || subject_to !== undefined ? decided.problem : null
}

function refuseDirection(input: SelectionInput): void {
  const { direction: told, ...rest } = input.told ?? {}
  const { metric, direction } = settingOf({ ...input, told: rest }).decided
  if (metric === null || direction === null) return
  throw new Failure(
    `--mode ${told} goes with a metric whose own direction is not known, and ${metric} is better ${direction === 'min' ? 'low' : 'high'}: name another with --metric, or leave --mode out.`,
  )
}

function refuseAnswer({ told = {}, ...rows }: SelectionInput): void {
  if (!told.undeclared) return
  const { metric, direction } = told.undeclared
  const named = { metric, ...(direction && { direction }) }
  const { problem } = settingOf({ ...rows, policy: 'metric', told: named }).decided
  if (problem !== null) throw new Failure(`Nothing to choose from: ${problem}.`)
}
