import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collectGarbage } from './idleMemory.ts'

test('what nothing refers to is freed', async () => {
  const unused = new WeakRef({ numbers: new Float64Array(1_000) })
  // A WeakRef keeps its object until the turn ends.
  await pause(1)
  collectGarbage()
  expect(unused.deref()).toBeUndefined()
})
