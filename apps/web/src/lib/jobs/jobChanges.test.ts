import { expect, test } from 'vitest'
import { tagsIn } from './jobChanges.svelte.ts'

test('tags are separated by commas; each counts once and blank ones do not', () => {
  expect(tagsIn(' lora, r 16,,lora , ')).toEqual(['lora', 'r 16'])
})
