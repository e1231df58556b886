import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { initialTracker, track } from './tracker.ts'

const factsOf = (...events: object[]) =>
  events
    .map((event) => TrainingEvent.parse({ attempt: 0, ...event }))
    .reduce(track, initialTracker()).facts

const started = { type: 'started', at: 1000, total_steps: 400, total_epochs: 3, save_steps: 50 }
const log = (step: number, loss: number, more: object = {}) => ({
  ...{ type: 'metrics', step, values: { loss } },
  ...more,
})
const evaluation = (step: number, eval_loss: number, more: object = {}) => ({
  ...{ type: 'evaluation', step, values: { eval_loss } },
  ...more,
})

test('an evaluation has the training loss before it only if the run is not past that step', () => {
  expect(factsOf(log(100, 2), evaluation(100, 3)).train_loss_at_eval).toBe(2)
  expect(factsOf(log(100, 2), evaluation(120, 3)).train_loss_at_eval).toBe(2)
  expect(factsOf(log(100, 2), evaluation(90, 3)).train_loss_at_eval).toBeNull()
  expect(factsOf(evaluation(0, 3)).train_loss_at_eval).toBeNull()
})

test('the training loss of an earlier attempt does not count for a further attempt', () => {
  const further = { ...started, attempt: 1 }
  const first = [started, log(300, 1)]
  const early = evaluation(0, 9, { attempt: 1 })
  expect(factsOf(...first, further).loss).toBeNull()
  expect(factsOf(...first, further, early).train_loss_at_eval).toBeNull()
  const resumed = { ...further, resumed_from: 200 }
  const there = evaluation(200, 9, { attempt: 1 })
  expect(factsOf(...first, resumed, there).train_loss_at_eval).toBeNull()
  expect(factsOf(...first, further, log(310, 7)).loss).toBeNull()
  expect(factsOf(...first, started).loss).toBe(1)
  expect(factsOf(...first, further, log(10, 8, { attempt: 1 })).loss).toBe(8)
})

test('totals and the distance of saves stay if a further start does not log them', () => {
  const again = { type: 'started', attempt: 1 }
  const totals = { total_steps: 400, total_epochs: 3, save_steps: 50 }
  expect(factsOf(started, again)).toMatchObject(totals)
  const other = { total_steps: 500, total_epochs: 4, save_steps: 60 }
  expect(factsOf(started, { ...again, ...other })).toMatchObject(other)
})

test('a run starts with its first attempt', () => {
  expect(factsOf({ ...started, at: null }, { ...started, at: 2000 }).started_at).toBe(2000)
  expect(factsOf(started, { ...started, attempt: 1, at: 5000 }).started_at).toBe(1000)
})

test('an attempt whose start is logged again has a new start time, unless it is a further one with steps', () => {
  const at = 9000
  const timed = (...events: object[]) => {
    const { attempt_started_at, attempt_first_step } = factsOf(...events)
    return [attempt_started_at, attempt_first_step]
  }
  expect(timed(started, log(10, 1, { at: 2000 }), { ...started, at })).toEqual([9000, 0])
  const further = { ...started, attempt: 1, at: 3000 }
  const gone = log(310, 1, { attempt: 1, at: 4000 })
  expect(timed(started, further)).toEqual([3000, 0])
  expect(timed(started, further, { ...further, at })).toEqual([9000, 0])
  expect(timed(started, further, gone, { ...further, at })).toEqual([4000, 310])
  expect(timed(started, further, gone, { ...further, at, resumed_from: 300 })).toEqual([9000, 300])
  expect(timed(started, log(10, 1), { ...further, at })).toEqual([9000, 0])
})

test('a logged start of an attempt is not replaced by its later steps', () => {
  const { attempt_started_at, attempt_first_step } = factsOf(started, log(10, 1, { at: 2000 }))
  expect([attempt_started_at, attempt_first_step]).toEqual([1000, 0])
  const untimed = factsOf({ ...started, at: null }, log(10, 1), log(20, 1, { at: 2000 }))
  expect([untimed.attempt_started_at, untimed.attempt_first_step]).toEqual([2000, 20])
  const first = factsOf({ type: 'started' }, log(10, 1, { at: 2000 }), log(20, 1, { at: 3000 }))
  expect([first.attempt_started_at, first.attempt_first_step]).toEqual([2000, 10])
})

test('the epoch stays if an event at a later step has none', () => {
  expect(factsOf(log(10, 1, { epoch: 0.5 }), log(20, 1))).toMatchObject({
    current_step: 20,
    current_epoch: 0.5,
  })
  expect(factsOf(log(10, 1, { epoch: 0.5 }), log(10, 1, { epoch: 0.6 })).current_epoch).toBe(0.6)
})

test('a fresh start has no epoch yet, and a resumed one keeps it', () => {
  const gone = [started, log(10, 1, { epoch: 0.5 })]
  expect(factsOf(...gone, { ...started, attempt: 1 }).current_epoch).toBeNull()
  expect(factsOf(...gone, { ...started, attempt: 1, resumed_from: 5 }).current_epoch).toBe(0.5)
  expect(factsOf(...gone, started).current_epoch).toBe(0.5)
})

test('a checkpoint without a step does not move the run', () => {
  const saved = { type: 'checkpoint', step: null, path: 'last', files_state: 'complete' }
  expect(factsOf(started, log(10, 1), saved).current_step).toBe(10)
  expect(factsOf(started, log(10, 1), { ...saved, step: 20 }).current_step).toBe(20)
})

test('a log line makes a queued or lost run running', () => {
  expect(factsOf().status).toBe('queued')
  expect(factsOf(log(10, 1)).status).toBe('running')
  expect(factsOf(evaluation(10, 1)).status).toBe('running')
  expect(factsOf(started, { type: 'ended', status: 'lost' }, log(10, 1)).status).toBe('running')
  const failed = { type: 'ended', status: 'failed', error: 'e' }
  expect(factsOf(started, failed, evaluation(10, 1)).status).toBe('failed')
  const state = initialTracker()
  const starting = { ...state, facts: { ...state.facts, status: 'starting' as const } }
  for (const event of [
    { type: 'heartbeat', attempt: 0 },
    { type: 'checkpoint', attempt: 0, step: 1, path: 'a', files_state: 'complete' },
  ]) {
    expect(track(starting, TrainingEvent.parse(event)).facts.status).toBe('running')
  }
})

test('an end has a time, but not if the run is only lost', () => {
  const ended = (status: string) => factsOf(started, { type: 'ended', status, at: 9000 }).ended_at
  expect(ended('completed')).toBe(9000)
  expect(ended('lost')).toBeNull()
})

test('the end of an earlier attempt does not end the current one', () => {
  const further = { ...started, attempt: 1 }
  const late = { type: 'ended', attempt: 0, status: 'failed', error: 'e' }
  expect(factsOf(started, further, late)).toMatchObject({ status: 'running', attempt: 1 })
})

test('the latest logged time counts, in any order, and an unknown time changes nothing', () => {
  const times = [3000, 2000, null].map((at) => log(10, 1, { at }))
  expect(factsOf(...times).updated_at).toBe(3000)
  expect(factsOf(log(10, 1, { at: -5000 })).updated_at).toBe(-5000)
  expect(factsOf(log(10, 1)).updated_at).toBeNull()
})

test('a metric that is declared after the first evaluation does not delete the earlier best', () => {
  const late = { type: 'started', metric_for_best: 'eval_f1' }
  const facts = factsOf(evaluation(10, 1, { epoch: 1 }), late, evaluation(20, 2, { epoch: 2 }))
  expect(facts).toMatchObject({ best_evaluation_epoch: 1, evaluations_without_improvement: 1 })
})

test('a declared direction has priority over the name of the metric', () => {
  const declared = { type: 'started', metric_for_best: 'eval_loss', direction: 'max' }
  const rising = [evaluation(1, 1, { epoch: 1 }), evaluation(2, 2, { epoch: 2 })]
  expect(factsOf(declared, ...rising).best_evaluation_epoch).toBe(2)
  const zorp = { type: 'started', metric_for_best: 'zorp' }
  const values = [1, 2].map((x) => evaluation(x, 0, { epoch: x, values: { zorp: x } }))
  expect(factsOf(zorp, ...values).best_evaluation_epoch).toBe(1)
})

test('a further attempt without a logged start shows its own steps', () => {
  const facts = factsOf(started, log(300, 1), log(10, 2, { attempt: 1, at: 5000 }))
  expect(facts).toMatchObject({
    ...{ current_step: 10, attempt_started_at: 5000, attempt_first_step: 10 },
  })
})

test('a checkpoint without a step does not change step 0', () => {
  const saved = { type: 'checkpoint', step: null, path: 'last', files_state: 'complete' }
  expect(factsOf(log(0, 1), saved).current_step).toBe(0)
})
