import type { Basis } from './selection.ts'
import type { Direction } from '../run/event.ts'
import type { Policy } from '../status/status.ts'
import { aggregateDirection, partsOf } from '../metric/aggregate.ts'
import { isLoss } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { asLogged, metricNames } from '../metric/evaluations.ts'
import { recordedMetric } from './recorded.ts'
import type { Claim, Declaration, Evaluation } from '../run/rows.ts'
import type { PolicyOptions } from './policyOptions.ts'
import { type PolicyProblem, valueProblem } from './policyProblem.ts'
import type { TrainingSeries } from './input.ts'
import { isPreferenceTraining, lowestLoss, undeclared } from './undeclared.ts'
import { ownValue } from '../named.ts'

/** Which metric decides, who chose it, and the problem if nothing can be decided. */
export interface Decider {
  metric: string | null
  direction: Direction | null
  basis: Basis
  /** Who decided, in words; null for a person who gave no name. */
  declared_by: string | null
  problem: PolicyProblem | null
}

interface DeciderInput {
  policy: Policy
  options: PolicyOptions
  declaration: Declaration
  claim: Claim | null
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
  training?: TrainingSeries | undefined
}

/** Which metric decides, and in which direction. O(evaluations × metrics). */
export function decider(input: DeciderInput): Decider {
  const names = metricNames(input.evaluations)
  const { options, policy } = input
  const by = { basis: 'chosen', declared_by: options.by ?? null } as const
  // A person must ask for this policy, so the run's declaration does not count.
  if (policy === 'lowest_eval_loss') {
    const { metric, direction, problem } = lowestLoss(names)
    return { metric, direction, problem, ...by }
  }
  if (options.metric !== undefined) {
    return namedDecider(options.metric, by, input, names)
  }
  if (policy === 'metric') return needsMetric(names)
  const stated = byRun(input, names) ?? byProject(input, names)
  return stated ?? byFiles(input, names) ?? byRule(input, names)
}

function needsMetric(names: readonly string[]): Decider {
  const problem = { code: 'needs_metric', logged: names } as const
  return { metric: null, direction: null, basis: 'chosen', declared_by: null, problem }
}

/** The metric that the run declared, or the one that its recorded best shows. */
function byRun(input: DeciderInput, names: readonly string[]): Decider | undefined {
  const { declaration, claim, evaluations } = input
  const isRefused = (metric: string): boolean => isPreferenceLoss(metric, names)
  const declared = declaration.metric_is_inferred ? null : declaration.metric
  if (declared !== null && !isRefused(declared)) {
    const by = { basis: 'declared', declared_by: declaration.declared_by ?? 'the run' } as const
    return namedDecider(declared, by, input, names, declaration.direction)
  }
  const recorded = claim && recordedMetric(claim, evaluations, names)
  if (!recorded) return undefined
  const { metric, direction, declared_by } = recorded
  if (isRefused(metric)) return undefined
  const by = { basis: 'recorded', declared_by } as const
  return namedDecider(metric, by, input, names, directionOf(metric) ?? direction)
}

/** A loss never decides in preference training, even if the trainer declared it. */
function isPreferenceLoss(metric: string, names: readonly string[]): boolean {
  return isLoss(metric) && isPreferenceTraining(names)
}

/** The metric that the run's files show, if the run itself declares none. */
function byFiles(input: DeciderInput, names: readonly string[]): Decider | undefined {
  const { metric, direction, declared_by, metric_is_inferred } = input.declaration
  const inferred = metric_is_inferred ? metric : null
  if (inferred === null || isPreferenceLoss(inferred, names)) return undefined
  const by = { basis: 'inferred', declared_by: declared_by ?? 'its files' } as const
  return namedDecider(inferred, by, input, names, direction)
}

/** The metric that the project's people chose, if this run measured it. */
function byProject(input: DeciderInput, names: readonly string[]): Decider | undefined {
  const answer = input.options.undeclared
  if (!answer) return undefined
  const wanted = partsOf(answer.metric) ?? [answer.metric]
  if (!wanted.every((name) => names.includes(asLogged(name, names)))) return undefined
  const who = input.options.by ? ` by ${input.options.by}` : ''
  const by = {
    basis: 'project',
    declared_by: `chosen${who} for runs that declare no metric`,
  } as const
  return namedDecider(answer.metric, by, input, names, answer.direction)
}

function byRule({ options, declaration }: DeciderInput, names: readonly string[]): Decider {
  const { metric, basis, because, ...rule } = undeclared(names)
  const words = [declaredWords(declaration), because].filter((part) => part !== null)
  const direction = options.direction ?? rule.direction
  const isAnswered = rule.problem?.code === 'direction_unknown' && direction !== null
  const problem = isAnswered ? null : rule.problem
  return { metric, direction, basis, declared_by: words.join('; '), problem }
}

/** The run's declaration, if it does not decide. */
function declaredWords({ metric, declared_by, metric_is_inferred }: Declaration): string {
  if (metric === null || metric_is_inferred) return 'the run does not say which metric decides'
  return `${metric} was declared${declared_by === null ? '' : ` by ${declared_by}`}`
}

/** A named metric. The direction comes from the options, then from the run, then from the name. */
function namedDecider(
  named: string,
  by: Pick<Decider, 'basis' | 'declared_by'>,
  { options, declaration, training }: DeciderInput,
  names: readonly string[],
  given?: Direction | null,
): Decider {
  const parts = partsOf(named)
  const logged = (parts ?? [named]).map((name) => asLogged(name, names))
  const metric = parts ? named : (logged[0] ?? named)
  const stated = ownValue(declaration.directions, metric)
  const stateds = declaration.directions ?? {}
  const found = parts ? aggregateDirection(logged, stateds) : directionOf(metric)
  const direction = options.direction ?? given ?? stated ?? found ?? null
  const missing = logged.find((name) => !names.includes(name))
  return { metric, direction, ...by, problem: problemOf() }

  function problemOf(): PolicyProblem | null {
    if (missing !== undefined) return valueProblem(missing, names, training?.names)
    return direction === null ? { code: 'direction_unknown', metric } : null
  }
}

/** Who chose a policy without a name. */
export const SOMEBODY = 'a person'

/** Who chose the metric, as the end of a sentence. */
export function deciderWords({
  basis,
  declared_by,
}: Pick<Decider, 'basis' | 'declared_by'>): string {
  if (declared_by === null || basis === 'chosen') return `chosen by ${declared_by ?? SOMEBODY}`
  if (basis === 'inferred') return `inferred from ${declared_by}`
  const isRuns = basis === 'declared' || basis === 'recorded'
  return isRuns ? `declared by ${declared_by}` : declared_by
}
