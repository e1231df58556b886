import { expect, test } from 'vitest'
import { shellWord } from './shellWord.ts'

test.each([
  ['/runs/a-1.pt', '/runs/a-1.pt'],
  ['my run', "'my run'"],
  ["it's", "'it'\\''s'"],
  ['', "''"],
  ['$HOME', "'$HOME'"],
])('the word %j is written as %s in a shell', (word, written) => {
  expect(shellWord(word)).toBe(written)
})
