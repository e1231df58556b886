import { z } from 'zod'
import { Direction, Origin } from '../run/event.ts'
import { Measured } from '../measuredSchema.ts'
import { Policy } from '../status/status.ts'
import { Preference } from './policyOptions.ts'

/** One checkpoint (or evaluation, if ranked without files) with its deciding value. */
export const Ranked = z.object({
  checkpoint_id: z.string().nullable(),
  attempt: z.number(),
  step: z.number(),
  epoch: z.number().nullable(),
  path: z.string().nullable(),
  value: z.number(),
  /** Only policy `scored`: the score that it was ranked by, 0 (best) or more. */
  score: z.number().nullable(),
  eval_loss: Measured,
  origin: Origin.nullable(),
})
export type Ranked = z.infer<typeof Ranked>

/** Why a checkpoint was not compared. */
export const Skipped = z.object({
  checkpoint_id: z.string().nullable(),
  attempt: z.number(),
  step: z.number().nullable(),
  path: z.string().nullable(),
  reason: z.enum([
    'no_step',
    'no_evaluation',
    'no_metric',
    'not_finite',
    'missing',
    'broken',
    'writing',
    'condition',
  ]),
  text: z.string(),
})
export type Skipped = z.infer<typeof Skipped>

/**
 * How uncertain a value is: `logged` standard error; `binomial` from the number of samples;
 * `residual` deviation around a local smooth of the curve.
 */
export const Noise = z.object({
  source: z.enum(['logged', 'binomial', 'residual']),
  /** The standard error of the best value, in the metric's unit. */
  standard_error: z.number(),
  text: z.string(),
})
export type Noise = z.infer<typeof Noise>

/** Candidates within the noise of the strictly best one, including that one. */
export const NearTies = z.object({
  noise: Noise,
  /** By step. A single one is not a tie. */
  candidates: z.array(Ranked),
  text: z.string(),
})
export type NearTies = z.infer<typeof NearTies>

/** Why there is no choice. */
export const NothingToChoose = z.object({
  code: z.enum(['no_evaluation', 'one_evaluation', 'still_falling']),
  text: z.string(),
})
export type NothingToChoose = z.infer<typeof NothingToChoose>

/** The best evaluation, if nothing was saved at its step. */
export const MissedBest = z.object({
  attempt: z.number(),
  step: z.number(),
  value: z.number(),
  text: z.string(),
})
export type MissedBest = z.infer<typeof MissedBest>

/**
 * Why the trainer's claim differs from ours, or `same`. `stale_pointer`: its value was measured at
 * another step than the checkpoint that it points at. `saves_only`: every better evaluation is
 * between two saves. `record_restarted`: its log has better values, so its record counts only later
 * evaluations.
 */
export const OpinionReason = z.enum([
  'same',
  'other_metric',
  'other_direction',
  'stale_pointer',
  'not_on_disk',
  'not_compared',
  'tie',
  'record_restarted',
  'saves_only',
  'unknown',
])
export type OpinionReason = z.infer<typeof OpinionReason>

/** The trainer's own claim beside ours. */
export const SecondOpinion = z.object({
  path: z.string().nullable(),
  step: z.number().nullable(),
  value: Measured,
  agrees: z.boolean(),
  because: OpinionReason,
  text: z.string(),
})
export type SecondOpinion = z.infer<typeof SecondOpinion>

/**
 * Who decides: a person (`chosen`), the run (`declared` or `recorded`), the project's metric for
 * undeclared runs (`project`), the run's files (`inferred`), a rule for this kind of training
 * (`speech` or `preference`), or `nobody`.
 */
export const Basis = z.enum([
  'chosen',
  'declared',
  'recorded',
  'project',
  'inferred',
  'speech',
  'preference',
  'nobody',
])
export type Basis = z.infer<typeof Basis>

/** The decision over a job's checkpoints, as plain data. */
export const Selection = z.object({
  policy: Policy,
  policy_version: z.number(),
  metric: z.string().nullable(),
  direction: Direction.nullable(),
  declared_by: z.string(),
  /** Policy `within_noise` only. */
  prefer: Preference.nullable(),
  best: Ranked.nullable(),
  runner_up: Ranked.nullable(),
  /**
   * How much better the best is than the runner-up, in the metric's unit; negative if a policy
   * prefers one that is not strictly best.
   */
  margin: z.number().nullable(),
  /** Every candidate, best first. */
  ranking: z.array(Ranked),
  skipped: z.array(Skipped),
  /** Candidates within the noise of the strictly best; null if the noise is unknown. */
  near_ties: NearTies.nullable(),
  missed_best: MissedBest.nullable(),
  nothing_to_choose: NothingToChoose.nullable(),
  second_opinion: SecondOpinion.nullable(),
  /** Why, in plain sentences. */
  reason: z.string(),
  /** The same beside a headline that shows step, metric and value; empty without a best. */
  short_reason: z.string(),
})
export type Selection = z.infer<typeof Selection>
