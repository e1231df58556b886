import { z } from 'zod'
import { Direction } from '../run/event.ts'
import { Policy } from '../status/status.ts'
import { FEATURES } from './features.ts'

/** Which of several checkpoints within the noise is taken. */
export const Preference = z.enum(['earliest', 'latest'])
export type Preference = z.infer<typeof Preference>

/** A bound that a candidate must keep, such as `eval_kl <= 0.1`. */
export const Condition = z.object({
  metric: z.string(),
  relation: z.enum(['<=', '>=']),
  bound: z.number(),
})
export type Condition = z.infer<typeof Condition>

/** The features of policy `scored`. Each is 0 for the best candidate of a run and 1 for its worst. */
export const Feature = z.enum(FEATURES)
export type Feature = z.infer<typeof Feature>
const COEFFICIENT = 'a coefficient is a finite number, 0 or more'
const Coefficient = z.number({ error: COEFFICIENT }).nonnegative({ error: COEFFICIENT })
export const Coefficients = z.partialRecord(Feature, Coefficient)
export type Coefficients = z.infer<typeof Coefficients>

/** A metric with the direction in which it is better, if that was given. */
export const NamedMetric = z.object({
  metric: z.string(),
  direction: Direction.nullable().default(null),
})
export type NamedMetric = z.infer<typeof NamedMetric>

/** The options of a policy, set on the command line or on the board. All are optional. */
export const PolicyOptions = z.object({
  /** The metric that decides; `mean(a, b)` and `worst(a, b)` are made of several. */
  metric: z.string().optional(),
  direction: Direction.optional(),
  /** The metric for runs that declare none: the answer to a project's question. */
  undeclared: NamedMetric.optional(),
  /** Policy `within_noise`: which of the near ties is taken. */
  prefer: Preference.optional(),
  /** Bounds that every candidate must keep. */
  subject_to: z.array(Condition).optional(),
  /** Policy `scored`: the coefficient of each feature. */
  coefficients: Coefficients.optional(),
  /** How much better an evaluation must be to count as an improvement, in the metric's unit. */
  min_delta: z.number().nonnegative().optional(),
  /** Who set the options, as sentences name them. */
  by: z.string().optional(),
})
export type PolicyOptions = z.infer<typeof PolicyOptions>

/** A policy with its options. */
export const PolicyChoice = z.object({ policy: Policy, options: PolicyOptions })
export type PolicyChoice = z.infer<typeof PolicyChoice>

const CONDITION = /^\s*([^<>=]+?)\s*(<=|>=|≤|≥)\s*(\S+)\s*$/

/** Reads a bound such as `eval_kl<=0.1`. Returns undefined if the text is not a bound. */
export function parseCondition(text: string): Condition | undefined {
  const [, metric, sign, number] = CONDITION.exec(text) ?? []
  const bound = Number(number)
  if (metric === undefined || !Number.isFinite(bound)) return undefined
  return { metric, relation: sign === '<=' || sign === '≤' ? '<=' : '>=', bound }
}
