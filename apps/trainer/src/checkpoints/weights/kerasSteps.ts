import { stat } from 'node:fs/promises'
import { openHandle } from '../../files/runFile.ts'
import { bytesAt } from './bytes.ts'
import { Hdf5Reader } from './hdf5Reader.ts'
import { bytesOfEntry, zipEntries } from './zipEntries.ts'

/** How many bytes are read; the optimiser's steps are near the beginning. */
const LARGEST = 32 << 20
/** Where Keras 3 and Keras 2 store the iterations of the optimiser. */
const PATHS = [
  ['optimizer', 'vars', '0'],
  ['optimizer_weights', 'iteration:0'],
]

/** The number of optimiser steps in a Keras file; null if it is not stored. */
export async function kerasSteps(path: string): Promise<number | null> {
  const { size } = await stat(path)
  await using file = await openHandle(path)
  const entries = path.endsWith('.keras') ? await zipEntries(file, size) : undefined
  const entry = entries?.find(({ name }) => name === 'model.weights.h5')
  const bytes = entry
    ? await bytesOfEntry(file, entry, LARGEST)
    : await bytesAt(file, 0, Math.min(size, LARGEST))
  if (!bytes || bytes.length < 100) return null
  const reader = new Hdf5Reader(bytes)
  for (const names of PATHS) {
    const steps = reader.integer(names)
    if (steps !== undefined && steps >= 0) return steps
  }
  return null
}
