import { z } from 'zod'
import { Direction } from '../run/event.ts'
import { Policy } from '../status/status.ts'
import { FEATURES } from './features.ts'

/** Which of several checkpoints that noise cannot tell apart is taken. */
export const Preference = z.enum(['earliest', 'latest'])
export type Preference = z.infer<typeof Preference>

/** A bound that a candidate must keep, such as `eval_kl <= 0.1`. */
export const Condition = z.object({
  metric: z.string(),
  relation: z.enum(['<=', '>=']),
  bound: z.number(),
})
export type Condition = z.infer<typeof Condition>

/** What policy `scored` weighs; every feature is 0 for the best candidate of a run and 1 for its worst. */
export const Feature = z.enum(FEATURES)
export type Feature = z.infer<typeof Feature>
const WEIGHT = 'a weight is a finite number from 0'
const Weight = z.number({ error: WEIGHT }).nonnegative({ error: WEIGHT })
export const Weights = z.partialRecord(Feature, Weight)
export type Weights = z.infer<typeof Weights>

/** A metric with the direction in which it is better, where that was told. */
export const NamedMetric = z.object({
  metric: z.string(),
  direction: Direction.nullable().default(null),
})
export type NamedMetric = z.infer<typeof NamedMetric>

/** What a person tells a policy, on the command line or the board. All of it may be left out. */
export const Told = z.object({
  /** The metric that decides; `mean(a, b)` and `worst(a, b)` are made of several. */
  metric: z.string().optional(),
  direction: Direction.optional(),
  /** What decides for runs that declared nothing: the answer to a project's question. */
  undeclared: NamedMetric.optional(),
  /** Policy `within_noise`: which of the near ties is taken. */
  prefer: Preference.optional(),
  /** Bounds that every candidate must keep. */
  subject_to: z.array(Condition).optional(),
  /** Policy `scored`: what each feature weighs. */
  weights: Weights.optional(),
  /** How much better an evaluation must be to count as an improvement, in the metric's unit. */
  min_delta: z.number().nonnegative().optional(),
  /** Who told it, as sentences name them. */
  by: z.string().optional(),
})
export type Told = z.infer<typeof Told>

/** A policy with what was told with it. */
export const PolicySettings = z.object({ policy: Policy, told: Told })
export type PolicySettings = z.infer<typeof PolicySettings>

const CONDITION = /^\s*([^<>=]+?)\s*(<=|>=|≤|≥)\s*(\S+)\s*$/

/**
 * Reads a bound such as `eval_kl<=0.1`. Returns undefined where it is none.
 */
export function parseCondition(text: string): Condition | undefined {
  const [, metric, sign, number] = CONDITION.exec(text) ?? []
  const bound = Number(number)
  if (metric === undefined || !Number.isFinite(bound)) return undefined
  return { metric, relation: sign === '<=' || sign === '≤' ? '<=' : '>=', bound }
}
