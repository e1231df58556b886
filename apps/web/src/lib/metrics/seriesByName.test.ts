import { expect, test } from 'vitest'
import type { NamedSeries } from '../api.ts'
import { Followed, NO_SERIES, withSeries } from './seriesByName.ts'

const one = (name: string, count = 0): NamedSeries => {
  const none = new Float64Array()
  const points = { steps: none, values: none, times: none }
  return { name, kind: 'logged', count, next_ordinal: 0, earlier: [], ...points }
}

test('a series is added or replaced, and earlier maps do not change', () => {
  const first = withSeries(NO_SERIES, [one('a'), one('b')])
  const second = withSeries(first, [one('a', 5)])
  expect([...second.values()].map(({ name, count }) => [name, count])).toEqual([
    ['a', 5],
    ['b', 0],
  ])
  expect(first.get('a')?.count).toBe(0)
  expect(NO_SERIES.size).toBe(0)
})

test('beyond the limit the oldest series that are not needed are removed', () => {
  const full = withSeries(
    NO_SERIES,
    ['a', 'b', 'c'].map((name) => one(name)),
  )
  const after = withSeries(full, [one('d')], 3, (name) => name === 'a')
  expect([...after.keys()]).toEqual(['a', 'c', 'd'])
})

test('a series in two charts stays in view when one of them leaves', () => {
  const followed = new Followed()
  followed.see('loss')
  followed.see('loss')
  followed.leave('loss')
  expect(followed.visible.has('loss')).toBe(true)
  followed.leave('loss')
  expect(followed.visible.has('loss')).toBe(false)
})
