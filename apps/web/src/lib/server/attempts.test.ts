import { expect, test } from 'vitest'
import { Attempts, MOST_ATTEMPTS } from './attempts.ts'

const HOUR = 60 * 60_000

/** Attempts by a clock that the test moves. */
function attemptsAt(start = 1_000_000) {
  const clock = { now: start }
  return { clock, attempts: new Attempts(() => clock.now) }
}

const HERE = '192.0.2.1'

function flood(attempts: Attempts, address = HERE): void {
  for (let at = 0; at < MOST_ATTEMPTS; at++) {
    expect(attempts.allows(`wrong ${at}`, address)).toBe(true)
    attempts.note(`wrong ${at}`, address, false)
  }
}

test('after many unknown secrets no other is looked up, until the minute is over', () => {
  const { clock, attempts } = attemptsAt()
  flood(attempts)
  expect(attempts.allows('wrong', HERE)).toBe(false)
  clock.now += 59_999
  expect(attempts.allows('wrong', HERE)).toBe(false)
  clock.now += 1
  flood(attempts)
  expect(attempts.allows('wrong', HERE)).toBe(false)
})

test('a secret that was valid within the hour is still looked up', () => {
  const { clock, attempts } = attemptsAt()
  attempts.note('old', HERE, true)
  clock.now += HOUR
  attempts.note('ci', HERE, true)
  flood(attempts)
  expect([attempts.allows('ci', HERE), attempts.allows('old', HERE)]).toEqual([true, false])
})

test('valid secrets are not counted, however often they come', () => {
  const { attempts } = attemptsAt()
  for (let at = 0; at < 10 * MOST_ATTEMPTS; at++) attempts.note(`valid ${at}`, HERE, true)
  expect(attempts.allows('new', HERE)).toBe(true)
})

test('so many valid secrets are remembered, and the longest unused ones are forgotten', () => {
  const { attempts } = attemptsAt()
  for (let at = 0; at < 1_000; at++) attempts.note(`${at}`, HERE, true)
  attempts.note('0', HERE, true)
  attempts.note('more', HERE, true)
  flood(attempts)
  const allowed = ['0', '1', '2', 'more'].map((secret) => attempts.allows(secret, HERE))
  expect(allowed).toEqual([true, false, true, true])
})

test('the unknown secrets of one client keep no other client out', () => {
  const { attempts } = attemptsAt()
  flood(attempts)
  expect([attempts.allows('x', HERE), attempts.allows('x', '192.0.2.2')]).toEqual([false, true])
  flood(attempts, '192.0.2.2')
  expect(attempts.allows('x', '192.0.2.2')).toBe(false)
})

test('all addresses of an IPv6 network of 64 bits are one client', () => {
  const { attempts } = attemptsAt()
  flood(attempts, '2001:db8:0:1::1')
  const others = ['2001:db8:0:1:ffff::', '2001:0db8::1:a:b:c:d', '2001:db8:0:2::1', '::1']
  expect(others.map((address) => attempts.allows('x', address))).toEqual([false, false, true, true])
})

test('a client of IPv4 is the same client in both forms of its address', () => {
  const { attempts } = attemptsAt()
  flood(attempts, '::ffff:192.0.2.1')
  expect(attempts.allows('x', HERE)).toBe(false)
  expect(attempts.allows('x', '::ffff:192.0.2.2')).toBe(true)
})

test('of very many clients those are forgotten that were quiet longest', () => {
  const { attempts } = attemptsAt()
  flood(attempts)
  for (let at = 0; at < 10_000; at++) {
    attempts.note('x', `10.0.${at >> 8}.${at & 255}`, false)
  }
  expect(attempts.allows('x', HERE)).toBe(true)
})
