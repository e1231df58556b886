import { expect, test } from 'vitest'
import { lastLine, lastOf } from './trouble.ts'

test('of a traceback the line that names the error is told', () => {
  const traceback = 'Traceback (most recent call last):\n  File "a.py"\nValueError: no data\n\n'
  expect(lastLine(traceback)).toBe('ValueError: no data')
  expect(lastLine('killed')).toBe('killed')
  expect([null, '', ' \n'].map(lastLine)).toEqual(['', '', ''])
})

test('a long error is cut to its end', () => {
  expect(lastOf('short')).toBe('short')
  expect(lastOf('a'.repeat(5) + 'end', 3)).toBe('…end')
})
