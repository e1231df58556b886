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
