import { expect, test } from 'vitest'
import { TrainingEvent } from './event.ts'
import { contextOf } from './context.ts'

const contextAfter = (...events: object[]) =>
  contextOf(events.map((event) => TrainingEvent.parse({ attempt: 0, ...event })))

test('what is measured after training does not take the run back to an earlier epoch', () => {
  const trained = [
    { type: 'evaluation', step: 100, epoch: 1, values: { eval_loss: 2 } },
    { type: 'metrics', step: 200, epoch: 2, values: { loss: 1 } },
  ]
  const score = { ...trained[0], values: { acc: 1 }, scored_by: 'ana' }
  expect(contextAfter(...trained, score).current_epoch).toBe(contextAfter(...trained).current_epoch)
})
