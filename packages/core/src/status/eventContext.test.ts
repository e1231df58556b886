import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { contextOf } from './eventContext.ts'
import { initialTracker, track } from './tracker.ts'

const contextAfter = (...events: object[]) =>
  contextOf(events.map((event) => TrainingEvent.parse({ attempt: 0, ...event })))

test('a score after training does not move the run to an earlier epoch', () => {
  const trained = [
    { type: 'evaluation', step: 100, epoch: 1, values: { eval_loss: 2 } },
    { type: 'metrics', step: 200, epoch: 2, values: { loss: 1 } },
  ]
  const score = { ...trained[0], values: { acc: 1 }, scored_by: 'ana' }
  expect(contextAfter(...trained, score).current_epoch).toBe(contextAfter(...trained).current_epoch)
})

test('a context and the status of the same run have the same loss scale', () => {
  const run = [
    { type: 'started', config: {}, save_steps: 10 },
    { type: 'metrics', step: 10, values: { loss: 8 } },
    { type: 'evaluation', step: 10, epoch: 0.5, values: { eval_loss: 2 } },
    { type: 'metrics', step: 20, values: { loss: 6 } },
    { type: 'evaluation', step: 20, epoch: 1, values: { eval_loss: 2 } },
  ].map((event) => TrainingEvent.parse({ attempt: 0, ...event }))
  const { loss_scale } = run.reduce(track, initialTracker()).facts
  expect(loss_scale).toMatchObject({ compared: 2, far_above: 2, first_epoch: 2, far_below: 0 })
  expect(loss_scale.early).toMatchObject({ count: 2, sum: Math.log(4) + Math.log(3) })
  expect(contextOf(run)).toMatchObject({ loss_scale, save_steps: 10, alive: true })
})
