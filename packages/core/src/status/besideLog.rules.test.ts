import { expect, test } from 'vitest'
import { TrainingEvent } from '../run/event.ts'
import { initialTracker, track } from './tracker.ts'

const parsed = (event: object) => TrainingEvent.parse({ attempt: 0, at: 9_000, ...event })
const begun = [
  { type: 'started', at: 1_000 },
  { type: 'metrics', step: 10, at: 2_000, values: {} },
]
  .map(parsed)
  .reduce(track, initialTracker())
const sample = { type: 'sample', kind: 'text', text: 'a', step: 10 }

test.each<[object, number]>([
  [{ type: 'setup' }, 2_000],
  [{ type: 'usage', used: { 'system/gpu': 1 } }, 2_000],
  [{ ...sample, step_from: 'name' }, 2_000],
  [sample, 9_000],
  [{ type: 'log', level: 'info', text: 'a' }, 9_000],
])('only what the run logs shows that it lives: %o', (event, updated_at) => {
  expect(track(begun, parsed(event)).facts).toEqual({ ...begun.facts, updated_at })
})
