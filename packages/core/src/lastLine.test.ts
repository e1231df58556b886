import { expect, test } from 'vitest'
import { lastLine } from './lastLine.ts'

test('the last line of an error that is not empty names it', () => {
  const traceback = 'Traceback (most recent call last):\n  File "a.py"\nValueError: no data\n\n'
  expect(lastLine(traceback)).toBe('ValueError: no data')
  expect(lastLine('killed')).toBe('killed')
  expect([null, '', ' \n'].map(lastLine)).toEqual(['', '', ''])
})
