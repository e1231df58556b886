import { expect, test } from 'vitest'
import { pieces } from './matches.ts'

test('a text is split at each match, in upper or lower case, and keeps every character', () => {
  expect(pieces('a.B a.b axb', 'A.b')).toEqual([
    { text: 'a.B', isMatch: true },
    { text: ' ', isMatch: false },
    { text: 'a.b', isMatch: true },
    { text: ' axb', isMatch: false },
  ])
  const search = '(.*)[x]\\^$+?{2}|/-'
  expect(pieces(`1${search}2`, search)).toHaveLength(3)
  expect(pieces('text', '')).toEqual([{ text: 'text', isMatch: false }])
})
