import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrainingEvent, type EventOf } from '../run/event.ts'
import { select } from '../selection/select.ts'
import { rowsFrom } from '../run/rows.ts'
import { initialTracker, trackerStateOf, track } from './tracker.ts'

const measured = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5).map((halves) => halves / 2) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, null) },
)

/** A run with ties, repeats, steps out of order, attempts, and values that are not finite. */
const run = fc.array(
  fc
    .record({ attempt: fc.nat(1), step: fc.nat(11).map((tens) => 10 * tens), value: measured })
    .map(({ attempt, step, value }) => {
      const event = { type: 'evaluation', attempt, step, values: { eval_loss: value } }
      return TrainingEvent.parse(event) as EventOf<'evaluation'>
    }),
  { maxLength: 30 },
)

function batch(events: readonly TrainingEvent[]) {
  return select({ policy: 'lowest_eval_loss', among: 'evaluations', ...rowsFrom(events) })
}

test('the streaming best evaluation equals the batch selection for every prefix of every run', () => {
  fc.assert(
    fc.property(run, (events) => {
      let state = initialTracker()
      for (const [index, event] of events.entries()) {
        state = track(state, event)
        const { best } = batch(events.slice(0, index + 1))
        const { leader } = state.state
        expect([leader?.step, leader?.attempt, leader?.value]).toEqual([
          best?.step,
          best?.attempt,
          best?.value,
        ])
      }
    }),
  )
})

test('a tracker state rebuilt from the rows equals the streamed one', () => {
  fc.assert(
    fc.property(run, (events) => {
      const streamed = events.reduce(track, initialTracker()).state
      expect(trackerStateOf(events, 'eval_loss', 'min')).toEqual(streamed)
    }),
  )
})

test('the facts before an event stay as they were', () => {
  fc.assert(
    fc.property(run, (events) => {
      let tracker = initialTracker()
      for (const event of events) {
        Object.freeze(tracker.facts)
        tracker = track(tracker, event)
      }
    }),
  )
})

test('events of the same weights that stay in order may arrive among others in any order', () => {
  fc.assert(
    fc.property(run, (events) => {
      const byWeights = Map.groupBy(events, ({ attempt, step }) => `${attempt}:${step}`)
      const moved = [...byWeights.values()].reverse().flat()
      expect(batch(moved)).toEqual(batch(events))
    }),
  )
})
