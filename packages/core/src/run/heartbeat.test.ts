import { expect, test } from 'vitest'
import { activityAfter, type Activity, isSilent, PATIENCE, patienceFor } from './heartbeat.ts'

const NEVER: Activity = { last_logged_at: null, cadence: null }
const SECOND = 1_000
const MINUTE = 60 * SECOND

/** The heartbeat after log lines with these gaps between them. */
function after(...gaps: readonly number[]): { last_logged_at: number; cadence: number | null } {
  let now = 0
  let activity = activityAfter(NEVER, now)
  for (const gap of gaps) activity = activityAfter(activity, (now += gap))
  return { ...activity, last_logged_at: activity.last_logged_at! }
}

test('a run is silent only after its own cadence times the factor', () => {
  const slow = after(10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 10 * MINUTE)
  const allowed = patienceFor(slow.cadence)
  expect(allowed).toBeGreaterThan(4 * 10 * MINUTE)
  expect(isSilent(slow, slow.last_logged_at + allowed)).toBe(false)
  expect(isSilent(slow, slow.last_logged_at + allowed + 1)).toBe(true)
})

test('a given factor and floor replace the defaults', () => {
  const run = after(MINUTE)
  const patience = { factor: 2, floor: 10 }
  expect(isSilent(run, run.last_logged_at + 2 * MINUTE, patience)).toBe(false)
  expect(isSilent(run, run.last_logged_at + 2 * MINUTE + 1, patience)).toBe(true)
})

test('a run that logs every second is given the floor', () => {
  expect(patienceFor(after(...Array<number>(20).fill(SECOND)).cadence)).toBe(PATIENCE.floor)
})

test('a long gap among short ones counts for many gaps, and then no more', () => {
  const steps = (seconds: number): number[] => Array<number>(seconds).fill(SECOND)
  const pause = 5 * MINUTE
  expect(patienceFor(after(...steps(10), pause, ...steps(600)).cadence)).toBeGreaterThan(3 * pause)
  expect(patienceFor(after(...steps(10), pause, ...steps(100_000)).cadence)).toBe(PATIENCE.floor)
})

test('one night of sleep does not raise the cadence for days, but the cadence of a slow run rises soon', () => {
  const HOUR = 60 * MINUTE
  expect(patienceFor(after(SECOND, SECOND, 10 * HOUR).cadence)).toBeLessThan(HOUR)
  expect(patienceFor(after(3 * HOUR, 3 * HOUR, 3 * HOUR).cadence)).toBeGreaterThan(3 * HOUR)
})

test('a clock that is set back changes nothing', () => {
  const activity = activityAfter({ last_logged_at: 1_000, cadence: 10 }, 400)
  expect(activity).toEqual({ last_logged_at: 1_000, cadence: 10 })
})
