import type { Direction } from '../event.ts'
import { isFiniteMeasure } from '../measured.ts'
import type { Policy } from '../status.ts'
import { directionOf, isBetter, withoutSplit } from './direction.ts'
import { measureOf, metricNames } from './evaluations.ts'
import type { Claim, Declaration, Evaluation } from './selection.ts'
import type { Told } from './told.ts'

/** What decides, who said so, and what is wrong with it where nothing can be decided. */
export interface Decider {
  metric: string | null
  direction: Direction | null
  /** A person who asked, the run that declared or recorded it, or nobody. */
  source: 'told' | 'run' | 'nobody'
  declared_by: string
  problem: string | null
}

interface DeciderInput {
  policy: Policy
  told: Told
  declaration: Declaration
  claim: Claim | null
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
}

/** Which metric decides, by the rules of the policies `as_declared` and `lowest_eval_loss`. */
export function decider(input: DeciderInput): Decider {
  const names = metricNames(input.evaluations)
  const { told, declaration } = input
  if (told.metric !== undefined) {
    return known(told.metric, told.direction, { source: 'told', declared_by: 'asked for' }, names)
  }
  if (input.policy === 'as_declared') {
    if (declaration.metric !== null) {
      const direction = told.direction ?? declaration.direction ?? undefined
      const by = { source: 'run', declared_by: declaration.declared_by ?? 'the run' } as const
      return known(declaration.metric, direction, by, names)
    }
    const recorded = input.claim && recordedMetric(input.claim, input.evaluations, names)
    if (recorded) {
      const { metric, declared_by } = recorded
      const direction = told.direction ?? directionOf(metric) ?? recorded.direction
      return known(metric, direction, { source: 'run', declared_by }, names)
    }
  }
  return lossDecider(names, told.direction)
}

function lossDecider(names: readonly string[], direction: Direction = 'min'): Decider {
  const losses = names.filter(isEvaluationLoss)
  const [only] = losses
  const metric = names.includes('eval_loss') ? 'eval_loss' : losses.length === 1 && only
  const nobody = { source: 'nobody', declared_by: 'nobody declared a metric', direction } as const
  if (metric) return { metric, ...nobody, problem: null }
  const problem =
    losses.length > 1
      ? `several evaluation losses were logged (${losses.join(', ')}) and none was named: say which one decides`
      : `eval_loss was never logged${listed(names)}`
  return { metric: 'eval_loss', ...nobody, problem }
}

/** A held-out loss that may stand for eval_loss; a test split never decides. */
function isEvaluationLoss(name: string): boolean {
  return !/^(test|train)[_/]/.test(name) && /(^|[_/])loss$/.test(withoutSplit(name))
}

function known(
  named: string,
  told: Direction | undefined,
  by: Pick<Decider, 'source' | 'declared_by'>,
  names: readonly string[],
): Decider {
  const metric = asLogged(named, names)
  const direction = told ?? directionOf(metric) ?? null
  const problem = !names.includes(metric)
    ? `${metric} was never logged${listed(names)}`
    : direction === null
      ? `whether ${metric} is better low or high is not known: say min or max`
      : null
  return { metric, direction, ...by, problem }
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? `; logged are ${names.join(', ')}` : '; nothing was evaluated'
}

/** Trainers accept `loss` where they log `eval_loss`. */
function asLogged(metric: string, names: readonly string[]): string {
  return !names.includes(metric) && names.includes(`eval_${metric}`) ? `eval_${metric}` : metric
}

/**
 * The metric whose value equals the recorded best bit for bit: at the recorded step, else at any
 * step (the pointer may be stale). Where its name tells no direction, the record itself does.
 */
function recordedMetric(
  claim: Claim,
  evaluations: readonly Evaluation[],
  names: readonly string[],
): { metric: string; direction: Direction | undefined; declared_by: string } | undefined {
  const { value } = claim
  if (claim.metric !== null) {
    return { metric: claim.metric, direction: undefined, declared_by: "the trainer's record" }
  }
  if (!isFiniteMeasure(value)) return undefined
  const equalling = (among: readonly Evaluation[]): string[] =>
    names.filter((name) => among.some((evaluation) => measureOf(evaluation, name) === value))
  const atStep = equalling(evaluations.filter(({ step }) => step === claim.step))
  const matches = atStep.length > 0 ? atStep : equalling(evaluations)
  const metric = matches.includes('eval_loss') ? 'eval_loss' : matches[0]
  if (metric === undefined) return undefined
  return {
    metric,
    direction: directionByRecord(metric, value, evaluations),
    declared_by: `the trainer's record (its best_metric equals ${metric} bit for bit)`,
  }
}

/** The direction in which nothing logged beats the recorded value; undefined where both do or none. */
export function directionByRecord(
  metric: string,
  value: number,
  evaluations: readonly Evaluation[],
): Direction | undefined {
  const unbeaten = (direction: Direction): boolean =>
    evaluations.every((evaluation) => {
      const other = measureOf(evaluation, metric)
      return !isFiniteMeasure(other) || !isBetter(other, value, direction)
    })
  const [min, max] = [unbeaten('min'), unbeaten('max')]
  return min === max ? undefined : min ? 'min' : 'max'
}
