import type { Run } from './run.ts'
import { load } from './saved.ts'
import { epochOf, type Training } from './training.ts'
import { fixedBatches } from './text.ts'

/**
 * Evaluates the best and then the last checkpoint on the test split, which neither training nor
 * selection used.
 */
export function scoreTest(run: Run, training: Training): void {
  const { learner, state } = training
  const { best_model_checkpoint: path, global_step: last } = state
  if (path !== null && state.best_global_step !== last) {
    const best = loadIfThere(run, path)
    const present = learner.snapshot().model
    if (best) {
      learner.setWeights(best.snapshot.model)
      scoreWeights(run, training, best.config)
      learner.setWeights(present)
    }
  }
  scoreWeights(run, training, { attempt: run.attempt, step: last })
}

/** The best checkpoint. If somebody removed it, a run that made all its steps still does not fail. */
function loadIfThere(run: Run, path: string): ReturnType<typeof load> | undefined {
  try {
    return load(run.folder, path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const { attempt } = run
    const text = `The best checkpoint could not be scored: ${why}`
    run.record({ type: 'log', attempt, level: 'warning', text })
    return undefined
  }
}

/** Scores the weights in the learner, which belong to this step. */
function scoreWeights(run: Run, training: Training, of: { attempt: number; step: number }): void {
  const { preset, alphabet, learner, splits } = training
  const { attempt, step } = of
  const batches = fixedBatches(alphabet.encode(splits.test), preset)
  const values = { test_loss: learner.loss(batches) }
  const samples = batches.length * preset.batch_size
  const epoch = epochOf(step, preset)
  run.record({ type: 'evaluation', attempt, step, epoch, values, samples })
}
