import { expect, test } from 'vitest'
import { isSystem } from './system.ts'

test('a series of the machine begins with system/', () => {
  expect(['system/gpu', 'eval_system/', 'loss'].map(isSystem)).toEqual([true, false, false])
})
