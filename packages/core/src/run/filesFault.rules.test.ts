import { expect, test } from 'vitest'
import { FilesFault, isDeepFault } from './event.ts'

test('only damaged files and an unreadable state are found by reading whole files', () => {
  expect(FilesFault.options.filter(isDeepFault)).toEqual(['damaged', 'state_unreadable'])
  expect(isDeepFault(null)).toBe(false)
})
