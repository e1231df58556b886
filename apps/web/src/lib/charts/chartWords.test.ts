import { expect, test } from 'vitest'
import { clippedWords, earlierWords, thinnedWords } from './chartWords.ts'

const clipped = (count: number, lowest: number, highest: number) =>
  clippedWords({ count, lowest, highest, positions: [] })

test('outliers are listed with their values', () => {
  expect(clipped(1, 1_000, 1_000)).toBe('1 outlier is not shown: 1000')
  expect(clipped(2, -5, 1_000)).toBe('2 outliers are not shown: −5.000 to 1000')
})

test('thinning and earlier attempts are mentioned', () => {
  expect(thinnedWords(500, 2_000)).toBe('500 of 2,000 points; zoom in for more')
  expect(thinnedWords(500, 500)).toBe('')
  expect([0, 1, 3].map(earlierWords)).toEqual([
    '',
    'pale: an earlier attempt',
    'pale: 3 earlier attempts',
  ])
})
