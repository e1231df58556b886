import { expect, test } from 'vitest'
import { isActive, hasEnded, JOB_STATES, mayFollow } from './states.ts'

test('a run that completed, failed or was stopped has ended; a lost one has not', () => {
  expect(JOB_STATES.filter(hasEnded).toSorted()).toEqual(['completed', 'failed', 'stopped'])
})

test('a starting, running or stopping run is active', () => {
  expect(JOB_STATES.filter(isActive).toSorted()).toEqual(['running', 'starting', 'stopping'])
})

test('every state may stay the same', () => {
  for (const state of JOB_STATES) expect(mayFollow(state, state)).toBe(true)
})
