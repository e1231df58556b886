import { z } from 'zod'
import { Direction, Origin } from '../run/event.ts'
import { Measured } from '../measuredSchema.ts'
import type { RunContext } from '../run/context.ts'
import type { Evaluation } from '../run/rows.ts'
import { Basis, Ranked, type Selection } from '../selection/selection.ts'

/** Kinds of notes about the choice. */
export const NoteCode = z.enum([
  'wrong_direction',
  'missed_best',
  'may_be_missed',
  'second_opinion',
  'trainer_agrees',
  'near_ties',
  'nothing_to_choose',
  'unbeaten_start',
  'other_winner',
  'preference_training',
  'speech',
  'constant_accuracy',
  'averaged_weights',
  'hidden_nan',
  'unlike_scales',
  'unlike_samples',
  'best_of_many',
  'overfitting',
  'loss_rises',
])
export type NoteCode = z.infer<typeof NoteCode>

/** One note in plain words. An alarm means that the answer itself may be wrong. */
export const Note = z.object({
  code: NoteCode,
  tone: z.enum(['alarm', 'warning', 'note']),
  text: z.string(),
  origin: Origin.nullable(),
})
export type Note = z.infer<typeof Note>

/** One figure shown beside the choice; `text` is the figure as it is shown. */
export const Reading = z.object({
  name: z.string(),
  label: z.string(),
  value: z.union([Measured, z.string()]),
  text: z.string(),
  /** The meaning of the figure, if it needs a word. */
  remark: z.string().nullable(),
  origin: Origin.nullable(),
})
export type Reading = z.infer<typeof Reading>

/** What another metric would have chosen. */
export const Winner = z.object({
  metric: z.string(),
  direction: Direction,
  best: Ranked,
  /** Whether it is the checkpoint that was chosen; also if another one has only the same value. */
  agrees: z.boolean(),
  /** A better evaluation of this metric that has no checkpoint; null if there is none. */
  missed: z.object({ step: z.number(), value: z.number() }).nullable(),
})
export type Winner = z.infer<typeof Winner>

/** Asked once, if metrics disagree and no person chose one. */
export const Question = z.object({
  /**
   * `undeclared`: the run declares no metric, and the answer applies to its project. `scores`:
   * scores after training disagree, and the answer is a policy of this job.
   */
  code: z.enum(['undeclared', 'scores']),
  /** The metrics that could decide, the current one first, each with its pick. */
  choices: z.array(Winner),
  text: z.string(),
})
export type Question = z.infer<typeof Question>

/** One checkpoint with its rank. */
export const TableRow = z.object({
  checkpoint_id: z.string().nullable(),
  attempt: z.number(),
  step: z.number().nullable(),
  path: z.string().nullable(),
  /** The rank, from 1; null if it was skipped. */
  rank: z.number().nullable(),
  value: Measured,
  /** Its value minus the best's; null if one is missing. */
  difference: z.number().nullable(),
  is_best: z.boolean(),
  /** Its difference from the best is within the noise. */
  is_tied: z.boolean(),
  /** Why it is, or is not, the best. */
  why: z.string(),
  origin: Origin.nullable(),
})
export type TableRow = z.infer<typeof TableRow>

/** Where eval_loss turned while the training loss still fell. */
export const LossTurn = z.object({
  step: z.number(),
  /** A task metric whose best is later, so that this is not called overfitting; null for none. */
  later: z.object({ metric: z.string(), step: z.number() }).nullable(),
  /** A task metric whose best is not later and that has become worse since; null for none. */
  worse: z.object({ metric: z.string(), step: z.number() }).nullable(),
})
export type LossTurn = z.infer<typeof LossTurn>

/** The explanation of the choice, the same everywhere: a reason, notes, readings, a table. */
export const Explanation = z.object({
  sentence: z.string(),
  /** What decides, in words. If nothing decides: who declared what. */
  decided: z.string(),
  /** Who decides, as a code. */
  basis: Basis,
  notes: z.array(Note),
  readings: z.array(Reading),
  loss_turn: LossTurn.nullable(),
  winners: z.array(Winner),
  question: Question.nullable(),
})
export type Explanation = z.infer<typeof Explanation>

/** The inputs of an explanation. */
export interface ExplanationInput {
  selection: Selection & { metric: string; direction: Direction }
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
  /** The same in order of arrival, with repeats. */
  arrivals: readonly Evaluation[]
  context: RunContext
  /** How much better an evaluation must be to count as an improvement. */
  min_delta: number
}
