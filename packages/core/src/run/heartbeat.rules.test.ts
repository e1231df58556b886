import { expect, test } from 'vitest'
import { TrainingEvent } from './event.ts'
import { activityAfter, isFromRun, PATIENCE } from './heartbeat.ts'

const fromRun = (event: object) => isFromRun(TrainingEvent.parse({ attempt: 0, ...event }))

test('an event that another program recorded about a run is not a log line of the run', () => {
  const evaluation = { type: 'evaluation', step: 1, values: { eval_loss: 1 } }
  const saved = { step: 1, path: 'a', files_state: 'complete' }
  expect(fromRun({ type: 'heartbeat' })).toBe(true)
  expect(fromRun({ type: 'metrics', step: 1, values: { loss: 1 } })).toBe(true)
  expect(fromRun({ type: 'checkpoint', ...saved })).toBe(true)
  expect(fromRun(evaluation)).toBe(true)
  expect(fromRun({ ...evaluation, scored_by: 'ana' })).toBe(false)
  expect(fromRun({ type: 'files', ...saved })).toBe(false)
  expect(fromRun({ type: 'ended', status: 'lost' })).toBe(false)
})

test('the first log line of a run gives no cadence', () => {
  expect(activityAfter({ last_logged_at: null, cadence: null }, 5_000)).toEqual({
    last_logged_at: 5_000,
    cadence: null,
  })
  expect(activityAfter({ last_logged_at: null, cadence: 70 }, 5_000)).toEqual({
    last_logged_at: 5_000,
    cadence: 70,
  })
})

test('one gap raises the cadence to at most twice the earlier patience', () => {
  const night = 10 * 60 * PATIENCE.floor
  expect(activityAfter({ last_logged_at: 0, cadence: null }, night).cadence).toBe(
    2 * PATIENCE.floor,
  )
})

test('the longest gap decreases by a hundredth of each later gap', () => {
  expect(activityAfter({ last_logged_at: 0, cadence: 1_000 }, 500).cadence).toBe(995)
})

test('a sample comes from the run only if its step was logged', () => {
  const sample = (step_from: string) =>
    isFromRun(TrainingEvent.parse({ type: 'sample', attempt: 0, kind: 'text', step_from }))
  expect(['log', 'name', 'epoch'].map(sample)).toEqual([true, false, false])
})
