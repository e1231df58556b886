import { expect, test } from 'vitest'
import { endOfText } from './errorText.ts'

test('a long error is cut to its end', () => {
  expect(endOfText('short')).toBe('short')
  expect(endOfText('a'.repeat(5) + 'end', 3)).toBe('…end')
})
