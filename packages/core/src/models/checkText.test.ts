import { expect, test } from 'vitest'
import { checkText, type ModelCheckState } from './checkText.ts'

test('each result of a check has its own sentence, which ends with the detail if there is one', () => {
  const states = ['queued', 'same', 'differs', 'gone', 'not_current', 'failed'] as const
  const all: readonly ModelCheckState[] = states
  expect(new Set(all.map((state) => checkText(state, null))).size).toBe(states.length)
  expect(checkText('same', null)).toBe('The files are as they were shipped.')
  expect(checkText('differs', 'a.bin was changed')).toBe(
    'The files were changed after they were shipped: a.bin was changed.',
  )
})
