import { isTest } from '../metric/direction.ts'
import { measureOf } from '../metric/evaluations.ts'
import { stepKey } from '../run/keys.ts'
import { select } from '../selection/select.ts'
import { scoreOf } from '../selection/score.ts'
import type { PolicySettings, Weights } from '../selection/policyOptions.ts'
import { regretOf, type Field } from './field.ts'
import type { Pick } from './figures.ts'
import { named, measuredNames, taskMetrics } from './target.ts'

export const LAST = 'last'
export const LOWEST = 'lowest eval_loss'
export const SCORED = 'scored'

/** Every policy but `scored`, whose weights depend on the other runs, and both baselines. */
export const REPLAYED = [
  { policy: 'as_declared', kind: 'policy' },
  { policy: 'lowest_eval_loss', kind: 'policy' },
  { policy: 'metric', kind: 'policy' },
  { policy: 'within_noise earliest', kind: 'policy' },
  { policy: 'within_noise latest', kind: 'policy' },
  { policy: LAST, kind: 'baseline' },
  { policy: LOWEST, kind: 'baseline' },
] as const

/** What each policy and baseline picks in one run; those that cannot choose are not there. */
export function replay(field: Field, metric?: string): Pick[] {
  const picks = REPLAYED.map(({ policy }) => {
    if (policy === LAST) return pickAt(field, policy, field.candidates.length - 1)
    if (policy === LOWEST) return pickAt(field, policy, lowestLoss(field))
    if (policy === 'as_declared') return declaredPick(field)
    const settings = settingsOf(field, policy, metric)
    return settings && policyPick(field, policy, settings)
  })
  return picks.filter((pick) => pick !== undefined)
}

/** What policy `scored` picks with these weights: the first of the lowest scores. */
export function scoredIndex({ features }: Field, weights: Weights): number {
  let [best, lowest] = [-1, Infinity]
  for (const [index, one] of features.entries()) {
    const score = scoreOf(one, weights)
    if (score < lowest) [best, lowest] = [index, score]
  }
  return best
}

/** One candidate as a pick; undefined where there is none. */
export function pickAt(
  field: Field,
  policy: string,
  index: number,
  saw_target = false,
): Pick | undefined {
  const [at, value] = [field.candidates[index], field.values[index]]
  if (!at || value === undefined) return undefined
  const judged = { regret: regretOf(field, value), is_exact: value === field.best }
  return { policy, step: at.step, attempt: at.attempt, value, ...judged, saw_target }
}

function settingsOf(field: Field, policy: string, metric?: string): PolicySettings | undefined {
  if (policy === 'within_noise earliest')
    return { policy: 'within_noise', told: { prefer: 'earliest' } }
  if (policy === 'within_noise latest')
    return { policy: 'within_noise', told: { prefer: 'latest' } }
  if (policy === 'lowest_eval_loss') return { policy, told: {} }
  const { blind } = field
  // A test split is looked at once all is decided.
  const names = measuredNames(blind.evaluations).filter((name) => !isTest(name))
  const decides =
    metric === undefined
      ? taskMetrics(blind, blind.evaluations).find((name) => !isTest(name))
      : (named(names, metric) ?? metric)
  return decides === undefined ? undefined : { policy: 'metric', told: { metric: decides } }
}

function policyPick(field: Field, policy: string, settings: PolicySettings): Pick | undefined {
  const { best } = select({ ...field.blind, ...settings })
  return best ? pickAt(field, policy, indexOf(field, best)) : undefined
}

/** The run's own rule may look at the target, as it did while it trained; then that is marked. */
function declaredPick(field: Field): Pick | undefined {
  const { best, metric } = select({ ...field.seen, policy: 'as_declared' })
  if (!best) return undefined
  const sawTarget = metric !== null && field.hidden.includes(metric)
  return pickAt(field, 'as_declared', indexOf(field, best), sawTarget)
}

function indexOf(
  { candidates }: Field,
  { attempt, step }: { attempt: number; step: number },
): number {
  return candidates.findIndex((one) => one.attempt === attempt && one.step === step)
}

/** The bare loop that every policy is measured against. */
function lowestLoss({ candidates, blind, loss }: Field): number {
  const losses = new Map(blind.evaluations.map((one) => [stepKey(one), measureOf(one, loss)]))
  let [best, lowest] = [-1, Infinity]
  for (const [index, candidate] of candidates.entries()) {
    const value = losses.get(stepKey(candidate)) ?? NaN
    if (value > -Infinity && value < lowest) [best, lowest] = [index, value]
  }
  return best
}
