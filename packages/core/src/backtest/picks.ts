import { isTest } from '../metric/direction.ts'
import { measureOf, metricNames } from '../metric/evaluations.ts'
import { stepKey } from '../run/keys.ts'
import { select } from '../selection/select.ts'
import { scoreOf } from '../selection/score.ts'
import type { PolicyChoice, Coefficients } from '../selection/policyOptions.ts'
import { regretOf, type Replay } from './replay.ts'
import type { Pick } from './figures.ts'
import { named, taskMetrics } from './target.ts'

export const LAST = 'last'
export const LOWEST = 'lowest eval_loss'
export const SCORED = 'scored'

/** Both baselines and every policy but `scored`, whose coefficients depend on the other runs. */
export const REPLAYED = [
  { policy: 'as_declared', kind: 'policy' },
  { policy: 'lowest_eval_loss', kind: 'policy' },
  { policy: 'metric', kind: 'policy' },
  { policy: 'within_noise earliest', kind: 'policy' },
  { policy: 'within_noise latest', kind: 'policy' },
  { policy: LAST, kind: 'baseline' },
  { policy: LOWEST, kind: 'baseline' },
] as const

/** The pick of each policy and baseline in one run, without those that cannot choose. */
export function policyPicks(replay: Replay, metric?: string): Pick[] {
  const picks = REPLAYED.map(({ policy }) => {
    if (policy === LAST) return pickAt(replay, policy, replay.candidates.length - 1)
    if (policy === LOWEST) return pickAt(replay, policy, lowestLoss(replay))
    if (policy === 'as_declared') return declaredPick(replay)
    return policyPick(replay, policy, choiceOf(replay, policy, metric))
  })
  return picks.filter((pick) => pick !== undefined)
}

/** The index that policy `scored` picks with these coefficients: the first of the lowest scores. */
export function scoredIndex({ features }: Replay, coefficients: Coefficients): number {
  let [best, lowest] = [0, Infinity]
  for (const [index, one] of features.entries()) {
    const score = scoreOf(one, coefficients)
    if (score < lowest) [best, lowest] = [index, score]
  }
  return best
}

/** One candidate as a pick; undefined if there is no candidate with that index. */
export function pickAt(
  replay: Replay,
  policy: string,
  index: number,
  saw_target = false,
): Pick | undefined {
  const at = replay.candidates[index]
  if (!at) return undefined
  const outcome = { regret: regretOf(replay, at.value), is_exact: at.value === replay.best }
  return { policy, ...at, ...outcome, saw_target }
}

function choiceOf({ blind }: Replay, policy: string, metric?: string): PolicyChoice {
  if (policy === 'within_noise earliest')
    return { policy: 'within_noise', options: { prefer: 'earliest' } }
  if (policy === 'within_noise latest')
    return { policy: 'within_noise', options: { prefer: 'latest' } }
  if (policy === 'lowest_eval_loss') return { policy, options: {} }
  // A test split must not decide.
  const names = metricNames(blind.evaluations).filter((name) => !isTest(name))
  const decides =
    metric === undefined
      ? taskMetrics(blind, blind.evaluations).find((name) => !isTest(name))
      : (named(names, metric) ?? metric)
  return { policy: 'metric', options: { metric: decides } }
}

function policyPick(replay: Replay, policy: string, choice: PolicyChoice): Pick | undefined {
  const { best } = select({ ...replay.blind, ...choice })
  return best ? pickAt(replay, policy, indexOf(replay, best)) : undefined
}

/** The run's rule may use the target, as it did in training; `saw_target` marks that. */
function declaredPick(replay: Replay): Pick | undefined {
  const { best, metric } = select({ ...replay.seen, policy: 'as_declared' })
  if (!best) return undefined
  const sawTarget = replay.hidden.some((name) => name === metric)
  return pickAt(replay, 'as_declared', indexOf(replay, best), sawTarget)
}

function indexOf(
  { candidates }: Replay,
  { attempt, step }: { attempt: number; step: number },
): number {
  return candidates.findIndex((one) => one.attempt === attempt && one.step === step)
}

/** The index of the lowest finite loss, which every replay has; of equal losses the first. */
function lowestLoss({ candidates, blind, loss }: Replay): number {
  const losses = new Map(blind.evaluations.map((one) => [stepKey(one), measureOf(one, loss)]))
  let [best, lowest] = [0, Infinity]
  for (const [index, candidate] of candidates.entries()) {
    const value = losses.get(stepKey(candidate)) ?? NaN
    if (value > -Infinity && value < lowest) [best, lowest] = [index, value]
  }
  return best
}
