import { expect, test } from 'vitest'
import { SendingRate } from './rate.ts'

test('a sender may send the pieces of a minute at once, and then one at a time', () => {
  let now = 0
  const rate = new SendingRate({ pieces: 60, bytes: 6_000 }, () => now)
  for (let sent = 0; sent < 60; sent++) {
    expect(rate.wait('a')).toBe(0)
    rate.note('a', 1)
  }
  expect(rate.wait('a')).toBe(1_000)
  expect(rate.wait('b')).toBe(0)
  now = 999
  expect(rate.wait('a')).toBe(1)
  now = 1_000
  expect(rate.wait('a')).toBe(0)
})

test('a large piece is paid for by waiting', () => {
  let now = 0
  const rate = new SendingRate({ pieces: 60, bytes: 6_000 }, () => now)
  rate.note('a', 9_000)
  expect(rate.wait('a')).toBe(30_000)
  now = 30_000
  expect(rate.wait('a')).toBe(0)
  // Waiting longer saves no more than the budget of a minute.
  now = 600_000
  rate.note('a', 6_001)
  expect(rate.wait('a')).toBe(10)
})

test('a thousand senders are remembered', () => {
  const rate = new SendingRate({ pieces: 1, bytes: 1 }, () => 0)
  for (let sender = 0; sender <= 1_000; sender++) rate.note(String(sender), 1)
  expect(rate.wait('0')).toBe(0)
  expect(rate.wait('1')).toBe(60_000)
  expect(rate.wait('1000')).toBe(60_000)
})
