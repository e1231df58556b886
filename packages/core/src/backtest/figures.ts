import { z } from 'zod'
import { Direction } from '../run/event.ts'
import { Coefficients } from '../selection/policyOptions.ts'

/** The pick of one policy in one run, and its distance from the run's best target. */
export const Pick = z.object({
  policy: z.string(),
  step: z.number(),
  attempt: z.number(),
  /** The target's value at the pick. */
  value: z.number(),
  /** (best − picked) over (best − worst) of the target: 0 picked the best, 1 the worst. */
  regret: z.number(),
  /** Whether no candidate has a better target. */
  is_exact: z.boolean(),
  /** The policy decided by the target itself, so that its regret is 0 by construction. */
  saw_target: z.boolean(),
})
export type Pick = z.infer<typeof Pick>

/** One replayed run. */
export const ReplayedRun = z.object({
  name: z.string(),
  /** The repository or project that the run belongs to. */
  group: z.string(),
  target: z.string(),
  direction: Direction,
  /** Whether candidates were complete checkpoints, or evaluations (files are seldom kept). */
  among: z.enum(['checkpoints', 'evaluations']),
  /** The number of candidates. */
  candidates: z.number(),
  best_step: z.number(),
  best_value: z.number(),
  picks: z.array(Pick),
})
export type ReplayedRun = z.infer<typeof ReplayedRun>

/** A policy compared with a baseline, over the runs in which both could choose. */
export const BesideBaseline = z.object({
  baseline: z.string(),
  runs: z.number(),
  /** The mean regret of the baseline. */
  mean_regret: z.number(),
  /** The policy's mean regret minus the baseline's: below 0 the policy is better. */
  difference: z.number(),
  /** 95 % bootstrap interval of the difference; see `interval` of bootstrap.ts. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
})
export type BesideBaseline = z.infer<typeof BesideBaseline>

/** The result of one policy or baseline over all runs in which it could choose. */
export const PolicyFigures = z.object({
  policy: z.string(),
  kind: z.enum(['policy', 'baseline']),
  runs: z.number(),
  groups: z.number(),
  mean_regret: z.number().nullable(),
  median_regret: z.number().nullable(),
  /**
   * 95 % bootstrap interval of the mean, with whole groups drawn again; null for fewer than two.
   */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  exact_share: z.number().nullable(),
  /** In how many runs it decided by the target. */
  saw_target: z.number(),
  beside: z.array(BesideBaseline),
})
export type PolicyFigures = z.infer<typeof PolicyFigures>

/**
 * Whether policy `scored` is recommended. Its coefficients are tested on groups that did not choose
 * them.
 */
export const Verdict = z.object({
  /** Mean regret with each group held out in turn. */
  held_out_regret: z.number().nullable(),
  /** The coefficients from all groups together. */
  coefficients: Coefficients,
  recommended: z.boolean(),
  text: z.string(),
})
export type Verdict = z.infer<typeof Verdict>

/** Why a run could not be replayed. */
export const SkippedCode = z.enum([
  'unreadable',
  'no_evaluation',
  'same_run',
  'no_target',
  'no_direction',
  'target_is_loss',
  'too_few',
  'constant_target',
  'no_loss',
])
export type SkippedCode = z.infer<typeof SkippedCode>

export const SkippedRun = z.object({
  name: z.string(),
  group: z.string(),
  code: SkippedCode,
  why: z.string(),
})
export type SkippedRun = z.infer<typeof SkippedRun>

/** The result of a backtest. */
export const Backtest = z.object({
  target: z.string(),
  /** How many candidates a run must have to be replayed. */
  at_least: z.number(),
  runs: z.number(),
  groups: z.number(),
  policies: z.array(PolicyFigures),
  scored: Verdict,
  replayed: z.array(ReplayedRun),
  /** Runs that could not be replayed, each with its reason. */
  skipped: z.array(SkippedRun),
  /** The result as one plain sentence. */
  text: z.string(),
})
export type Backtest = z.infer<typeof Backtest>
