import { expect, test } from 'vitest'
import { lastLine, endOfText } from './errorText.ts'

test('a traceback is shown as the line with the error', () => {
  const traceback = 'Traceback (most recent call last):\n  File "a.py"\nValueError: no data\n\n'
  expect(lastLine(traceback)).toBe('ValueError: no data')
  expect(lastLine('killed')).toBe('killed')
  expect([null, '', ' \n'].map(lastLine)).toEqual(['', '', ''])
})

test('a long error is cut to its end', () => {
  expect(endOfText('short')).toBe('short')
  expect(endOfText('a'.repeat(5) + 'end', 3)).toBe('…end')
})
