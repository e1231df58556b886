import { expect, test } from 'vitest'
import { ago, duration, exact, isMoment } from './times.ts'

test('a duration is shown in its two largest units', () => {
  expect([0, 21.4, 65, 3600, 8040, 90_000, null].map(duration)).toEqual([
    '0 s',
    '21 s',
    '1 min 5 s',
    '1 h',
    '2 h 14 min',
    '1 d 1 h',
    '–',
  ])
})

test('a moment is shown as the time since then', () => {
  const now = Date.UTC(2026, 5, 15, 12)
  const before = (seconds: number) => ago(now - seconds * 1000, now)
  expect(before(3)).toBe('now')
  expect(before(-5)).toBe('now')
  expect(before(42)).toBe('42 s ago')
  expect(before(200)).toBe('3 min ago')
  expect(before(7300)).toBe('2 h ago')
  expect(before(90_000)).toBe('yesterday')
  expect(before(3 * 86_400)).toBe('3 days ago')
  expect(before(30 * 86_400)).toBe('16 May')
  expect(ago(null, now)).toBe('–')
})

test('a moment outside the range of dates is a dash', () => {
  const beyond = [8.64e15 + 1, -8.64e15 - 1, Number.MAX_VALUE, Infinity, NaN, null, undefined]
  expect(beyond.filter(isMoment)).toEqual([])
  expect(new Set(beyond.flatMap((at) => [exact(at), ago(at, 0)]))).toEqual(new Set(['–']))
  expect([8.64e15, 0, -8.64e15].map(exact)).not.toContain('–')
})
