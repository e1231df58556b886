import { isFiniteMeasure, Measured, parsePythonJson, pythonJson } from '@bestmark/core'
import { z } from 'zod'

/** The file's name in each checkpoint, and in the run's root once the run is complete. */
export const TRAINER_STATE = 'trainer_state.json'

const LogRow = z.looseObject({
  step: z.number(),
  epoch: z.number(),
  eval_loss: Measured.optional(),
})

/**
 * What HuggingFace's Trainer writes beside its weights (transformers.TrainerState): everything
 * logged up to a step, and the best evaluation so far with its checkpoint.
 */
export const TrainerState = z.object({
  best_global_step: z.number().nullable(),
  best_metric: z.number().nullable(),
  best_model_checkpoint: z.string().nullable(),
  epoch: z.number(),
  eval_steps: z.number(),
  global_step: z.number(),
  log_history: z.array(LogRow),
  logging_steps: z.number(),
  max_steps: z.number(),
  num_train_epochs: z.number(),
  save_steps: z.number(),
  train_batch_size: z.number(),
})
export type TrainerState = z.infer<typeof TrainerState>

/** The state of a run before its first step. The run evaluates and saves every `save_steps`. */
export function freshState(
  plan: Pick<TrainerState, 'max_steps' | 'num_train_epochs' | 'save_steps' | 'train_batch_size'>,
): TrainerState {
  return {
    best_global_step: null,
    best_metric: null,
    best_model_checkpoint: null,
    epoch: 0,
    eval_steps: plan.save_steps,
    global_step: 0,
    log_history: [],
    logging_steps: 1,
    ...plan,
  }
}

/**
 * Adds an evaluation of the current step, whose checkpoint will be at `path`. Returns whether it is
 * the best so far: the lowest finite eval_loss, and the first one of equal losses.
 */
export function addEvaluation(state: TrainerState, eval_loss: number, path: string): boolean {
  state.log_history.push({ epoch: state.epoch, eval_loss, step: state.global_step })
  const isBest = isFiniteMeasure(eval_loss) && eval_loss < (state.best_metric ?? Infinity)
  if (!isBest) return false
  state.best_metric = eval_loss
  state.best_model_checkpoint = path
  state.best_global_step = state.global_step
  return true
}

/** The state as Python writes it: NaN and Infinity without quotes. */
export function trainerStateJson(state: TrainerState): string {
  return `${pythonJson(state, 2)}\n`
}

/** Reads a state that `trainerStateJson` wrote. */
export function readWrittenState(text: string): TrainerState {
  return TrainerState.parse(parsePythonJson(text))
}
