import { expect, test } from 'vitest'
import { isActive, hasEnded, JOB_STATES, mayFollow } from './states.ts'

test('a run that completed, failed or was stopped has ended; a lost one has not', () => {
  expect(JOB_STATES.filter(hasEnded).toSorted()).toEqual(['completed', 'failed', 'stopped'])
})

test('a run that starts, runs or stops goes on', () => {
  expect(JOB_STATES.filter(isActive).toSorted()).toEqual(['running', 'starting', 'stopping'])
})

test('every state may follow itself', () => {
  for (const state of JOB_STATES) expect(mayFollow(state, state)).toBe(true)
})
