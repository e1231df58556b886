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
  /** What the figure means here, where a word is needed. */
  remark: z.string().nullable(),
  origin: Origin.nullable(),
})
export type Reading = z.infer<typeof Reading>

/** What another metric would have chosen. */
export const Winner = z.object({
  metric: z.string(),
  direction: Direction,
  best: Ranked,
  /** Whether it is the checkpoint that was chosen. */
  agrees: z.boolean(),
})
export type Winner = z.infer<typeof Winner>

/** Asked once, if metrics disagree and no person chose one. */
export const Question = z.object({
  /**
   * `undeclared`: the run declares no metric; the answer holds for its project. `scores`: what was
   * measured after training disagrees; the answer is a policy of this job.
   */
  code: z.enum(['undeclared', 'scores']),
  /** The metrics that could decide, the present one first, each with what it would choose. */
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
  place: z.number().nullable(),
  value: Measured,
  /** Its value less the best's; null where one is missing. */
  difference: z.number().nullable(),
  is_best: z.boolean(),
  /** Its difference from the best is within the noise. */
  is_tied: z.boolean(),
  /** Why it is, or is not, the best. */
  why: z.string(),
  origin: Origin.nullable(),
})
export type TableRow = z.infer<typeof TableRow>

/** Where eval_loss turned while the training loss went on falling. */
export const LossTurn = z.object({
  step: z.number(),
  /** A task metric that was best only later, so that this is not called overfitting; null for none. */
  later: z.object({ metric: z.string(), step: z.number() }).nullable(),
})
export type LossTurn = z.infer<typeof LossTurn>

/** The choice in words, the same everywhere: one sentence, notes, readings, one table. */
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

/** What an explanation is made of. */
export interface ExplanationInput {
  selection: Selection & { metric: string; direction: Direction }
  /** First evaluations, in order of step. */
  evaluations: readonly Evaluation[]
  /** The same in order of arrival, repeats and all. */
  arrivals: readonly Evaluation[]
  context: RunContext
  /** How much better an evaluation must be to count as an improvement. */
  min_delta: number
}
