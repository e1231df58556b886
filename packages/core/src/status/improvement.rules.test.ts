import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { initialTracker, stateFacts, trackerStateOf, track } from './tracker.ts'

const parsed = (events: readonly object[]) =>
  events.map((event) => TrainingEvent.parse({ attempt: 0, ...event }))

const factsOf = (...events: object[]) => parsed(events).reduce(track, initialTracker()).facts

/** An evaluation whose epoch is its step, so that its epoch identifies the best one. */
const at = (step: number, values: number | Record<string, number>, attempt = 0) => ({
  ...{ type: 'evaluation', step, epoch: step, attempt },
  values: typeof values === 'number' ? { eval_loss: values } : values,
})

test('the trend shows eval_loss, even if another metric decides', () => {
  const steps = [1, 2, 3, 4]
  const rising = steps.map((x) => at(x, { eval_loss: 10 + x, eval_wer: 10 - x }))
  const declared = { type: 'started', metric_for_best: 'eval_wer' }
  expect(factsOf(declared, ...rising).loss_trend).toBe('rising')
})

test('a trend needs three values', () => {
  expect(factsOf(at(1, 3), at(2, 2), at(3, 1)).loss_trend).toBe('falling')
})

test('equal values are flat', () => {
  expect(factsOf(at(1, 2), at(2, 2), at(3, 2)).loss_trend).toBe('flat')
})

test('values too large to sum have no trend', () => {
  expect(factsOf(at(1, 1.7e308), at(2, 1.7e308), at(3, 1.6e308)).loss_trend).toBeNull()
  expect(factsOf(at(1, 1e200), at(2, -1e200), at(3, 1.5e200)).loss_trend).toBeNull()
})

test('a trend needs values at more than one step', () => {
  const sameStep = [0, 1, 2].map((attempt) => at(5, attempt, attempt))
  expect(factsOf(...sameStep).loss_trend).toBeNull()
})

test("an evaluation without the deciding metric does not count as that metric's first at its step", () => {
  const facts = factsOf(at(1, 3), at(2, { eval_f1: 0.5 }), at(2, 1))
  expect(facts).toMatchObject({ best_evaluation_epoch: 2, evaluations_without_improvement: 0 })
})

test('if values at one step are equal, the earlier attempt is best, in either order of arrival', () => {
  const first = { ...at(5, 1, 0), epoch: 0.1 }
  const second = { ...at(5, 1, 1), epoch: 0.2 }
  expect(factsOf(first, second).best_evaluation_epoch).toBe(0.1)
  expect(factsOf(second, first).best_evaluation_epoch).toBe(0.1)
  expect(factsOf(first, second).evaluations_without_improvement).toBe(1)
})

test('an equal value at an earlier step is an improvement, even if it arrives later', () => {
  const facts = factsOf(at(9, 1), at(3, 1))
  expect(facts).toMatchObject({ best_evaluation_epoch: 3, evaluations_without_improvement: 0 })
})

test.each([
  ['min', [1, 0.95, 0.875]],
  ['max', [1, 1.05, 1.125]],
] as const)('an improvement is better than the last one by more than min_delta: %s', (...given) => {
  const [direction, [first, ...rest]] = given
  const rows = [first, ...rest].map((value, index) => at(index + 1, { metric: value }))
  const events = parsed(rows).filter((event) => event.type === 'evaluation')
  const waits = [1, 2, 3].map((count) =>
    stateFacts(trackerStateOf(events.slice(0, count), 'metric', direction, 0.1)),
  )
  expect(waits.map((of) => of.evaluations_without_improvement)).toEqual([0, 1, 0])
  expect(waits.map((of) => of.best_evaluation_epoch)).toEqual([1, 1, 3])
  const exact = trackerStateOf(events, 'metric', direction, 1 / 8)
  expect(stateFacts(exact).best_evaluation_epoch).toBe(1)
})

test('a worse value at an earlier step is not best, even if it arrives later', () => {
  expect(factsOf(at(9, 1), at(3, 2)).best_evaluation_epoch).toBe(9)
})

test('an equal value at a later step is not best, even if its attempt is earlier', () => {
  const first = { ...at(5, 1, 1), epoch: 0.1 }
  expect(factsOf(first, { ...at(6, 1, 0), epoch: 0.2 }).best_evaluation_epoch).toBe(0.1)
})
