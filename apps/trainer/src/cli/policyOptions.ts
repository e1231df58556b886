import {
  Direction,
  Feature,
  parseCondition,
  Policy,
  policyProblem,
  Preference,
  type PolicyChoice,
  type PolicyOptions,
  type Coefficients,
} from '@bestmark/core'
import { Failure } from '../failure.ts'
import { optionProblemText } from './policyProblemText.ts'
import { amount, numberOf, oneOf, text } from './kind.ts'
import { type Kind, optional, type Option, repeated } from './option.ts'

type Condition = NonNullable<PolicyOptions['subject_to']>[number]

const CONDITION: Kind<Condition> = {
  name: "'METRIC<=NUMBER'",
  rule: 'METRIC<=NUMBER or METRIC>=NUMBER',
  parse: (word) => parseCondition(word) ?? undefined,
}

const WEIGHTS: Kind<Coefficients> = {
  name: 'FEATURE=NUMBER,…',
  rule: `FEATURE=NUMBER, with commas between them, and one number that is not 0; the features are ${features()}`,
  parse: coefficientsOf,
}

/** The policy that decides, for commands that take it as an option. */
export const POLICY: Kind<Policy> = { ...oneOf(Policy.options), name: 'POLICY' }

/** The options of a policy, without the coefficients. */
export const POLICY_OPTIONS = {
  metric: optional(
    text('METRIC'),
    "The metric that decides: a logged name, or 'mean(A, B)' or 'worst(A, B)' of several.",
  ),
  mode: optional(oneOf(Direction.options), 'Whether a low or a high value of --metric is better.'),
  prefer: optional(
    oneOf(Preference.options),
    'For policy within_noise: which of the checkpoints within the noise wins.',
  ),
  'subject-to': repeated(CONDITION, 'Only checkpoints that meet this condition may win.'),
  'min-delta': optional(
    amount('NUMBER'),
    'An improvement counts only if it is larger than this. Smaller ones are ties.',
  ),
} as const

/** The coefficients of policy scored. A board finds them by itself. */
export const WEIGHTS_OPTION: Option<Coefficients | undefined> = optional(
  WEIGHTS,
  `For policy scored: how much each feature counts. Features: ${features()}.`,
)

/** Explains the policies in the help of the commands that take one. */
export const POLICY_TEXTS = [
  'Policy as_declared takes the metric that the run declares, else the lowest eval_loss. Policy ' +
    'lowest_eval_loss ignores what the run declares. Policy metric takes --metric. Policy ' +
    'within_noise takes the earliest or latest checkpoint within the noise of the best. Policy ' +
    'scored weighs several features.',
  'With policy as_declared, --metric decides only for runs that declare no metric.',
]

interface PolicyValues {
  metric?: string | undefined
  mode?: Direction | undefined
  prefer?: Preference | undefined
  'subject-to'?: Condition[] | undefined
  'min-delta'?: number | undefined
  weights?: Coefficients | undefined
}

/** Whether an option of the policy is given. */
export function hasPolicyOption(values: PolicyValues): boolean {
  return Object.keys(optionsOf(values)).length > 0
}

/**
 * A policy with its options. Without a policy, --metric decides, else the metric that the run
 * declares. With policy as_declared, --metric decides only for runs that declare none. Throws a
 * Failure if the options do not fit the policy. Policy scored needs coefficients, unless a board
 * finds them.
 */
export function policyChoiceOf(
  policy: Policy | undefined,
  values: PolicyValues,
  coefficients: 'given' | 'from_board' = 'given',
): PolicyChoice {
  const options = optionsOf(values)
  const given = {
    policy: policy ?? (options.metric === undefined ? 'as_declared' : 'metric'),
    options,
  }
  const choice = given.policy === 'as_declared' ? withUndeclared(given) : given
  const problem = policyProblem(choice)
  const isLater = problem?.code === 'needs_coefficients' && coefficients === 'from_board'
  if (problem && !isLater) throw new Failure(optionProblemText(problem))
  return choice
}

/** With policy as_declared, --metric decides for runs that declare none. */
function withUndeclared({ policy, options }: PolicyChoice): PolicyChoice {
  const { metric, direction = null, ...rest } = options
  return metric === undefined
    ? { policy, options }
    : { policy, options: { ...rest, undeclared: { metric, direction } } }
}

function optionsOf(values: PolicyValues): PolicyOptions {
  const { metric, mode, prefer, weights: coefficients } = values
  const { 'subject-to': subject_to = [], 'min-delta': min_delta } = values
  return {
    ...(metric !== undefined && { metric }),
    ...(mode && { direction: mode }),
    ...(prefer && { prefer }),
    ...(subject_to.length > 0 && { subject_to }),
    ...(min_delta !== undefined && { min_delta }),
    ...(coefficients && { coefficients }),
  }
}

/** Undefined if a pair is not FEATURE=NUMBER, or if all numbers are 0. */
function coefficientsOf(list: string): Coefficients | undefined {
  const coefficients: Coefficients = {}
  for (const pair of list.split(',')) {
    const [name, value, ...others] = pair.split('=').map((word) => word.trim())
    const feature = Feature.options.find((option) => option === name)
    const weight = numberOf(value ?? '')
    if (!feature || others.length > 0 || !Number.isFinite(weight)) return undefined
    coefficients[feature] = weight
  }
  return Object.values(coefficients).some((weight) => weight !== 0) ? coefficients : undefined
}

function features(): string {
  return Feature.options.join(', ')
}
