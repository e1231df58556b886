import { setImmediate } from 'node:timers/promises'
import type { Run } from './run.ts'
import { scoreTest } from './score.ts'
import { Training } from './training.ts'

/** Trains the character-level language model until its last step, or until it is asked to stop. */
export async function trainCharLm(run: Run): Promise<'completed' | 'stopped'> {
  const training = new Training(run)
  training.begin()
  while (!training.isDone) {
    // Lets signals in, because a step blocks the process until it is done.
    await setImmediate()
    if (run.stop.aborted) {
      run.record({ type: 'log', level: 'info', text: `Stop requested at step ${training.step}.` })
      training.save()
      return 'stopped'
    }
    training.learn()
  }
  training.complete()
  await setImmediate()
  // All steps are made, so the run is complete even if it is stopped before it is scored.
  if (!run.stop.aborted) scoreTest(run, training)
  return 'completed'
}
