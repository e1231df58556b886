import { expect, test } from 'vitest'
import { linesOf } from './lineEnds.ts'

test('a carriage return ends a line only if no line ends with a newline', () => {
  expect(linesOf('a\rb\rc')).toEqual(['a', 'b', 'c'])
  expect(linesOf('a\r\nb\rc\n')).toEqual(['a\r', 'b\rc', ''])
})

test('a progress bar is drawn again after a carriage return, so it is one line', () => {
  const bars = '\r 10%|█ | 1/10 [00:01]\r 20%|██ | 2/10 [00:02]'
  expect(linesOf(bars)).toEqual([bars])
})
