import { expect, test } from 'vitest'
import { checkEvent } from './checkEvent.ts'

const log = { type: 'metrics', attempt: 0, step: 1, values: { loss: 1 } }
const saved = { type: 'checkpoint', attempt: 0, step: 1, path: 'a', files_state: 'complete' }

test('a valid event has no invalid fields', () => {
  expect(checkEvent(log)).toMatchObject({ event: { type: 'metrics', step: 1 }, invalid: [] })
})

test.each([null, 'text', 5, {}, { ...log, type: 'zorp' }, { attempt: 0 }, [], undefined])(
  'a record that is not an event is skipped: %j',
  (input) => {
    expect(checkEvent(input)).toMatchObject({
      event: undefined,
      invalid: [{ field: 'type', skipsEvent: true }],
    })
  },
)

test('an invalid optional field is left out and reported', () => {
  const { event, invalid } = checkEvent({ ...log, at: 'noon', epoch: 'one' })
  expect(event).toMatchObject({ type: 'metrics', at: null, epoch: null })
  expect(invalid.map(({ field, skipsEvent }) => [field, skipsEvent]).toSorted()).toEqual([
    ['at', false],
    ['epoch', false],
  ])
})

test('an event with an invalid required field is skipped, with one reason', () => {
  const { event, invalid } = checkEvent({ ...log, step: -1, attempt: 'x' })
  expect(event).toBeUndefined()
  expect(invalid).toHaveLength(1)
  expect(invalid[0]).toMatchObject({ skipsEvent: true })
})

const why = (step: unknown) => checkEvent({ ...log, step }).invalid[0]?.why

test('an error about a field shows its value, shortened', () => {
  expect(why(-1)).toMatch(/^step must be .*; got -1$/)
  expect(why('x'.repeat(50))).toContain(`got "${'x'.repeat(40)}"`)
  expect(why([1])).toContain('got a list')
  expect(why(null)).toContain('got null')
  expect(why(true)).toContain('got a boolean')
  expect(why(undefined)).toContain('got nothing')
})

test('the error for a field without a described form says only that it is not valid', () => {
  expect(checkEvent({ ...saved, files_state: 5 }).invalid[0]?.why).toBe(
    'its files_state is not valid',
  )
  expect(checkEvent({ ...saved, path: 5 }).invalid[0]?.why).toBe('its path is not valid')
})

const fits = (path: string) => checkEvent({ ...saved, path }).event !== undefined

test('a path must fit into a file system: names of at most 255, 4096 in all, and no zero', () => {
  const longest = `${'a/'.repeat(2047)}ab`
  expect(longest).toHaveLength(4096)
  expect([fits('a'.repeat(255)), fits(`b/${'a'.repeat(255)}\\c`), fits(longest)]).toEqual([
    ...[true, true, true],
  ])
  expect([fits('a'.repeat(256)), fits(`b/${'a'.repeat(256)}/c`), fits(`${longest}c`)]).toEqual([
    ...[false, false, false],
  ])
  expect(fits('a\0b')).toBe(false)
  expect(checkEvent({ ...saved, path: 'a'.repeat(256) }).invalid).toMatchObject([
    { field: 'path', why: 'its path is too long, or has a NUL character' },
  ])
})

test('a claim may have no path', () => {
  expect(checkEvent({ type: 'claim', attempt: 0, path: null, step: 1, value: 1 }).invalid).toEqual(
    [],
  )
})

test('a value that is not an event of a run is refused for that reason', () => {
  const none = { field: 'type', why: 'it is not an event of a run', skipsEvent: true }
  for (const input of [null, undefined, 'text', 1, [], {}, { type: 'other' }]) {
    expect(checkEvent(input)).toEqual({ event: undefined, invalid: [none] })
  }
})
