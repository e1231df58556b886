import type { Direction } from '../run/event.ts'
import type { PolicyProblem } from './policyProblem.ts'
import { isLoss, isTest, withoutSplit } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'

/** What decides if neither a person nor the run declared a metric, and by which rule. */
export interface Undeclared {
  /** Null if nothing tells which metric it is, which is then the problem. */
  metric: string | null
  basis: 'nobody' | 'speech' | 'preference'
  /** Null if it is unknown, which is then the problem. */
  direction: Direction | null
  /** Why this rule applies, if the kind of training is the reason. */
  because: string | null
  problem: PolicyProblem | null
}

/** Metrics of progress in preference and reinforcement training, the most informative first. */
const PROGRESS = ['win_rate', 'reward', 'objective/rlhf_reward', 'rewards/accuracies']
const PREFERENCE_COLUMNS =
  /^(rewards\/(chosen|rejected|accuracies|margins)|objective\/(kl|rlhf_reward|scores)|completions\/.*length.*)$/

/**
 * Whether the columns are those of preference or reinforcement training (DPO, GRPO, PPO as TRL
 * logs them), where the loss does not show progress.
 */
export function isPreferenceTraining(names: readonly string[]): boolean {
  const columns = names.map(withoutSplit)
  // Many programs log a divergence: distillation, variational models.
  const isReinforced = columns.includes('reward') && columns.some((one) => BESIDE_REWARD.test(one))
  return isReinforced || columns.some((one) => PREFERENCE_COLUMNS.test(one))
}

const BESIDE_REWARD = /^(kl|reward_std|.*completion.*length.*)$/

/** What decides for a run that declares no metric; `names` are all measured names. */
export function undeclared(names: readonly string[]): Undeclared {
  const held = names.filter((name) => !isTest(name))
  if (isPreferenceTraining(held)) return preference(held)
  const speech = named(held, ['wer', 'cer'])
  if (speech !== undefined) {
    const because = `${speech} is an error rate, so it decides before the loss`
    return { metric: speech, basis: 'speech', direction: 'min', because, problem: null }
  }
  return (
    onlyMeasure(held) ?? ofLoss(held) ?? onlyName(held) ?? notOne(held, names) ?? lowestLoss(names)
  )
}

/** Metrics that rise and fall with the loss: a perplexity is exp(loss), bits are loss / ln 2. */
const OF_LOSS = ['perplexity', 'ppl', 'bits_per_byte', 'bpb', 'bits_per_character', 'bpc', 'nll']

/** If no loss was measured, a metric that is a function of it decides in its place. */
function ofLoss(held: readonly string[]): Undeclared | undefined {
  if (held.some(isLoss)) return undefined
  const [metric, ...others] = held.filter((name) => {
    return OF_LOSS.includes(withoutSplit(name).toLowerCase().replaceAll(' ', '_'))
  })
  if (metric === undefined || others.length > 0) return undefined
  const because = `${metric} rises and falls with the loss`
  return { metric, basis: 'nobody', direction: 'min', because, problem: null }
}

/** If no loss was measured and only one metric has a direction, that one decides. */
function onlyMeasure(held: readonly string[]): Undeclared | undefined {
  if (held.some(isLoss)) return undefined
  const directed = held.flatMap((metric) => {
    const direction = directionOf(metric)
    return direction ? [{ metric, direction }] : []
  })
  const [only, ...others] = directed
  if (!only || others.length > 0) return undefined
  const { metric, direction } = only
  const [undirected] = held.filter((name) => directionOf(name) === undefined)
  const because =
    undirected === undefined
      ? `${metric} is the only metric that was measured`
      : `${metric} is the only metric with a known direction (${undirected} has none: use --metric ${undirected} --mode max, or min)`
  return { metric, basis: 'nobody', direction, because, problem: null }
}

/** If one metric alone was measured and its name tells no direction, a person is asked for that. */
function onlyName(held: readonly string[]): Undeclared | undefined {
  const [metric, ...others] = held
  if (metric === undefined || others.length > 0 || isLoss(metric)) return undefined
  const problem: PolicyProblem = { code: 'direction_unknown', metric }
  return { metric, basis: 'nobody', direction: null, because: null, problem }
}

/** If no loss was measured and nothing tells which of the other metrics decides, a person is asked. */
function notOne(held: readonly string[], names: readonly string[]): Undeclared | undefined {
  const nothing = { metric: null, basis: 'nobody', direction: null, because: null } as const
  if (names.length === 0 || held.some(isLoss)) return undefined
  const problem: PolicyProblem =
    held.length > 0
      ? { code: 'several_metrics', metrics: held }
      : { code: 'only_tests', metrics: names }
  return { ...nothing, problem }
}

/** The rule of policy `lowest_eval_loss`. */
export function lowestLoss(names: readonly string[]): Undeclared & { metric: string } {
  const nobody = { basis: 'nobody', direction: 'min', because: null } as const
  if (isPreferenceTraining(names)) return { ...refused(names), ...nobody }
  const losses = names.filter((name) => isLoss(name) && !/^(test|train)[_/]/.test(name))
  const [only] = losses
  const metric = names.includes('eval_loss') ? 'eval_loss' : losses.length === 1 && only
  if (metric) return { metric, ...nobody, problem: null }
  const problem: PolicyProblem = only
    ? { code: 'several_losses', losses }
    : { code: 'never_logged', metric: 'eval_loss', logged: names }
  return { metric: 'eval_loss', ...nobody, problem }
}

function preference(names: readonly string[]): Undeclared {
  const metric = named(names, PROGRESS)
  const basis = 'preference'
  if (metric === undefined) {
    return { ...refused(names), basis, direction: 'min', because: null }
  }
  const because = `in preference training the loss does not show progress, so ${metric} decides`
  return { metric, basis, direction: 'max', because, problem: null }
}

function refused(names: readonly string[]): { metric: string; problem: PolicyProblem } {
  const others = names.filter((name) => !isLoss(name) && directionOf(name) !== undefined)
  const logged = others.length > 0 ? others : names.filter((name) => !isLoss(name))
  return { metric: 'eval_loss', problem: { code: 'loss_shows_no_progress', logged } }
}

/** The first of these names that was measured, with any split prefix. */
function named(names: readonly string[], wanted: readonly string[]): string | undefined {
  for (const want of wanted) {
    const found = names.find((name) => withoutSplit(name) === want)
    if (found !== undefined) return found
  }
  return undefined
}
