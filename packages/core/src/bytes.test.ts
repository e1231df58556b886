import { expect, test } from 'vitest'
import { bytesText } from './bytes.ts'

test('bytes change their unit before they need four digits', () => {
  expect([0, 999, 1000, 1_400_000, 999_950_000, null].map(bytesText)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '1.4 MB',
    '1.0 GB',
    '–',
  ])
})

test('an amount has one decimal below a hundred, no unit above TB, and a dash if it is unknown', () => {
  expect([999_500, 99_950, 150_000, 5e15, undefined].map(bytesText)).toEqual([
    ...['1.0 MB', '100 kB', '150 kB', '5000 TB', '–'],
  ])
})
