import { expect, test } from 'vitest'
import { Attempts, MOST_ATTEMPTS } from './attempts.ts'

const HOUR = 60 * 60_000

/** Attempts by a clock that the test moves. */
function attemptsAt(start = 1_000_000) {
  const clock = { now: start }
  return { clock, attempts: new Attempts(() => clock.now) }
}

function flood(attempts: Attempts): void {
  for (let at = 0; at < MOST_ATTEMPTS; at++) {
    expect(attempts.allows(`wrong ${at}`)).toBe(true)
    attempts.note(`wrong ${at}`, false)
  }
}

test('after many unknown secrets no other is looked up, until the minute is over', () => {
  const { clock, attempts } = attemptsAt()
  flood(attempts)
  expect(attempts.allows('wrong')).toBe(false)
  clock.now += 59_999
  expect(attempts.allows('wrong')).toBe(false)
  clock.now += 1
  flood(attempts)
  expect(attempts.allows('wrong')).toBe(false)
})

test('a secret that was valid within the hour is still looked up', () => {
  const { clock, attempts } = attemptsAt()
  attempts.note('old', true)
  clock.now += HOUR
  attempts.note('ci', true)
  flood(attempts)
  expect([attempts.allows('ci'), attempts.allows('old')]).toEqual([true, false])
})

test('valid secrets are not counted, however often they come', () => {
  const { attempts } = attemptsAt()
  for (let at = 0; at < 10 * MOST_ATTEMPTS; at++) attempts.note(`valid ${at}`, true)
  expect(attempts.allows('new')).toBe(true)
})

test('so many valid secrets are remembered, and the longest unused ones are forgotten', () => {
  const { attempts } = attemptsAt()
  for (let at = 0; at < 1_000; at++) attempts.note(`${at}`, true)
  attempts.note('0', true)
  attempts.note('more', true)
  flood(attempts)
  const allowed = ['0', '1', '2', 'more'].map((secret) => attempts.allows(secret))
  expect(allowed).toEqual([true, false, true, true])
})
