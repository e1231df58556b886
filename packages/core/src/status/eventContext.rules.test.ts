import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { contextOf } from './eventContext.ts'

const contextAfter = (...events: object[]) =>
  contextOf(events.map((event) => TrainingEvent.parse({ attempt: 0, ...event })))

const log = (step: number, loss: number, attempt = 0) => ({
  ...{ type: 'metrics', attempt, step, values: { loss } },
})

test('the last logged configuration and project count', () => {
  const started = { type: 'started', config: { seed: 1 }, project: 'a' }
  expect(contextAfter(started, { type: 'started', attempt: 1 })).toMatchObject({
    config: { seed: 1 },
    project: 'a',
  })
  const again = { type: 'started', attempt: 1, config: { seed: 2 }, project: 'b' }
  expect(contextAfter(started, again)).toMatchObject({ config: { seed: 2 }, project: 'b' })
  expect(contextAfter(log(1, 1))).not.toHaveProperty('config')
  expect(contextAfter({ type: 'started' })).not.toHaveProperty('config')
  expect(contextAfter({ type: 'started' })).not.toHaveProperty('project')
})

test('each training metric is listed once, and evaluation metrics are not', () => {
  const rate = { type: 'metrics', step: 2, values: { loss: 1, learning_rate: 0.1 } }
  const evaluated = { type: 'evaluation', step: 2, values: { eval_loss: 1 } }
  expect(contextAfter(log(1, 1), rate, evaluated).logged).toEqual(['loss', 'learning_rate'])
})

test('the training loss at a step is the last one logged up to it, in the same attempt', () => {
  const { trainLoss } = contextAfter(
    ...[log(10, 5), log(20, 4), log(30, 3), log(40, 2), log(15, 9, 1)],
    { type: 'metrics', step: 35, values: { grad_norm: 1 } },
  )
  const at = (step: number, attempt = 0) => trainLoss?.({ attempt, step })
  expect([5, 10, 19, 20, 30, 39, 40, 99].map((step) => at(step))).toEqual([
    ...[null, 5, 5, 4, 3, 3, 2, 2],
  ])
  expect([at(14, 1), at(15, 1), at(99, 2)]).toEqual([null, 9, null])
})

test('training losses that arrive out of order are found by their step', () => {
  const { trainLoss } = contextAfter(
    ...[log(30, 3), log(10, 5), log(20, 4), log(50, 1, 1), log(40, 2, 1), log(0, 8)],
  )
  const at = (step: number, attempt = 0) => trainLoss?.({ attempt, step })
  expect([0, 9, 10, 25, 30].map((step) => at(step))).toEqual([8, 8, 5, 4, 3])
  expect([at(45, 1), at(50, 1)]).toEqual([2, 1])
})

test('if a step has two training losses, the later one counts', () => {
  expect(contextAfter(log(10, 5), log(10, 4)).trainLoss?.({ attempt: 0, step: 10 })).toBe(4)
})

test('a run that ended is not alive', () => {
  expect(contextAfter({ type: 'started' }).alive).toBe(true)
  const ended = { type: 'ended', status: 'completed' }
  expect(contextAfter({ type: 'started' }, ended).alive).toBe(false)
})

test('two training losses that arrive out of order are found by their step', () => {
  const { trainLoss } = contextAfter(log(30, 3), log(10, 5))
  expect([10, 30].map((step) => trainLoss?.({ attempt: 0, step }))).toEqual([5, 3])
})

test('losses are compared by their ratio, and a ratio at the bound is far below', () => {
  const scaleOf = (eval_loss: number, loss: number) =>
    contextAfter(log(1, loss), {
      ...{ type: 'evaluation', step: 1, epoch: 0.5, values: { eval_loss } },
    }).loss_scale
  expect(scaleOf(0.5, 2)).toMatchObject({ compared: 1, far_above: 1, far_below: 0 })
  expect(scaleOf(3.6, 1)).toMatchObject({ compared: 1, far_above: 0, far_below: 1 })
})

test('options beside the log complete the logged configuration, which has priority', () => {
  const setup = (config: object) => ({ type: 'setup', config })
  const started = { type: 'started', config: { seed: 1 } }
  expect(contextAfter(started, setup({ seed: 2, lr: 3 }), setup({ lr: 4 })).config).toEqual({
    ...{ seed: 1, lr: 4 },
  })
  expect(contextAfter(setup({ lr: 3 })).config).toEqual({ lr: 3 })
})

test('any training series has its last value up to a step, also if it is read again', () => {
  const rate = (step: number, values: object) => ({ type: 'metrics', step, values })
  const evaluated = { type: 'evaluation', step: 25, values: { lr: 9 } }
  const { before } = contextAfter(
    ...[rate(10, { lr: 3 }), rate(20, { lr: 2 }), rate(30, { loss: 1 }), evaluated],
  )
  const at = (name: string, step: number) => before?.(name, { attempt: 0, step })
  expect([5, 10, 29, 40].map((step) => at('lr', step))).toEqual([null, 3, 2, 2])
  expect([at('loss', 29), at('loss', 30), at('other', 30)]).toEqual([null, 1, null])
})

test('a later logged configuration replaces the earlier one whole', () => {
  const started = (attempt: number, config: object) => ({ type: 'started', attempt, config })
  expect(contextAfter(started(0, { seed: 1, lr: 3 }), started(1, { seed: 2 })).config).toEqual({
    seed: 2,
  })
})
