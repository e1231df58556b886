import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { kerasSteps } from './kerasSteps.ts'

// Written by iterations.py beside it.
const FILE = fileURLToPath(new URL('fixtures/iterations.h5', import.meta.url))

test('a Keras file holds the number of steps of its optimiser', async () => {
  expect(await kerasSteps(FILE)).toBe(1230)
})

test('an incomplete file, or one that is not HDF5, has no steps and causes no error', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'model.h5')
  const whole = await readFile(FILE)
  for (let size = 0; size < whole.length; size += 97) {
    await writeFile(path, whole.subarray(0, size))
    expect([null, 1230]).toContain(await kerasSteps(path))
  }
  await writeFile(path, 'weights'.repeat(100))
  expect(await kerasSteps(path)).toBeNull()
})
