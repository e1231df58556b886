import {
  Direction,
  Feature,
  parseCondition,
  Policy,
  policyProblem,
  Preference,
  type PolicySettings,
  type Told,
  type Weights,
} from '@bestmark/core'
import { oneOf } from './arguments.ts'
import { optionProblemText } from './policyProblemText.ts'
import { Failure } from '../failure.ts'

/** The options with which a policy is told what it needs. */
export const SETTINGS = {
  metric: { type: 'string' },
  mode: { type: 'string' },
  prefer: { type: 'string' },
  'subject-to': { type: 'string', multiple: true },
  'min-delta': { type: 'string' },
  weights: { type: 'string' },
} as const

/** Without the weights, which only some commands take. */
export const SETTINGS_USAGE =
  "[--metric NAME | 'mean(A, B)' | 'worst(A, B)'] [--mode min|max] [--prefer earliest|latest] " +
  "[--subject-to 'METRIC<=NUMBER']… [--min-delta X]"

interface SettingWords {
  metric?: string | undefined
  mode?: string | undefined
  prefer?: string | undefined
  'subject-to'?: string[] | undefined
  'min-delta'?: string | undefined
  weights?: string | undefined
}

/**
 * A policy with what was told with it. Where none is named, a told metric decides, else what the
 * run declared; a metric told to policy as_declared decides where a run declared nothing. Throws a Failure that names the choices where they do not go together. Policy
 * scored must be told its weights, unless a board finds them.
 */
export function settingsOf(
  policy: string | undefined,
  words: SettingWords,
  weighed: 'told' | 'by the board' = 'told',
): PolicySettings {
  const named = oneOf(Policy.options, policy, 'The policy')
  const told = toldOf(words)
  const settings = { policy: named ?? (told.metric === undefined ? 'as_declared' : 'metric'), told }
  const asked = settings.policy === 'as_declared' ? answered(settings) : settings
  const problem = policyProblem(asked)
  const isLater = problem?.code === 'needs_coefficients' && weighed === 'by the board'
  if (problem && !isLater) throw new Failure(optionProblemText(problem))
  return asked
}

/** Policy as_declared told a metric: what decides where a run declared nothing. */
function answered({ policy, told }: PolicySettings): PolicySettings {
  const { metric, direction = null, ...rest } = told
  return metric === undefined
    ? { policy, told }
    : { policy, told: { ...rest, undeclared: { metric, direction } } }
}

function toldOf(words: SettingWords): Told {
  const told: Told = {}
  const direction = oneOf(Direction.options, words.mode, '--mode')
  const prefer = oneOf(Preference.options, words.prefer, '--prefer')
  if (words.metric !== undefined) told.metric = words.metric
  if (direction) told.direction = direction
  if (prefer) told.prefer = prefer
  if (words['subject-to']) told.subject_to = words['subject-to'].map(conditionOf)
  if (words['min-delta'] !== undefined) told.min_delta = deltaOf(words['min-delta'])
  if (words.weights !== undefined) told.weights = weightsOf(words.weights)
  return told
}

function conditionOf(text: string): NonNullable<Told['subject_to']>[number] {
  const condition = parseCondition(text)
  if (condition) return condition
  throw new Failure(`--subject-to takes METRIC<=NUMBER or METRIC>=NUMBER, not "${text}".`)
}

function deltaOf(text: string): number {
  const delta = numberOf(text)
  if (delta >= 0) return delta
  throw new Failure(`--min-delta takes a number from 0, not "${text}".`)
}

function weightsOf(text: string): Weights {
  const weights: Weights = {}
  for (const pair of text.split(',')) {
    const [name, value, ...others] = pair.split('=').map((word) => word.trim())
    const feature = Feature.options.find((known) => known === name)
    const weight = numberOf(value ?? '')
    if (!feature || others.length > 0 || !Number.isFinite(weight)) {
      throw new Failure(
        `--weights takes FEATURE=NUMBER, with commas between, not "${pair}"; the features are ${features()}.`,
      )
    }
    weights[feature] = weight
  }
  if (Object.values(weights).some((weight) => weight !== 0)) return weights
  throw new Failure('--weights takes at least one weight that is not 0.')
}

/** NaN where a text is no finite number; an empty one is none. */
function numberOf(text: string): number {
  const number = Number(text)
  return text.trim() !== '' && Number.isFinite(number) ? number : NaN
}

function features(): string {
  return Feature.options.join(', ')
}
