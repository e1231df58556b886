import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { initialTracker, track } from './tracker.ts'

test('an evaluation moves the run to its step, and never back', () => {
  const evaluation = (step: number, epoch: number) =>
    TrainingEvent.parse({ type: 'evaluation', attempt: 0, step, epoch, values: { eval_loss: 2 } })
  const { facts } = [evaluation(100, 0.5), evaluation(50, 0.25)].reduce(track, initialTracker())
  expect(facts).toMatchObject({ current_step: 100, current_epoch: 0.5 })
})
