import { basename, dirname, join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { openHandle } from '../../files/runFile.ts'
import { bytesAt } from './bytes.ts'
import { bundleEntries, type BundleEntry } from './tensorBundle.ts'

const VALUE = '/.ATTRIBUTES/VARIABLE_VALUE'
/** Names of the count of training steps in a checkpoint, the most specific first. */
const STEPS = [
  ...['step', 'global_step', 'optimizer/_iterations', 'optimizer/iter', 'optimizer/iterations'].map(
    (name) => `${name}${VALUE}`,
  ),
  'global_step',
]
const WIDTHS = new Map([
  [3, 4],
  [9, 8],
])

/** The count of training steps inside a TensorFlow checkpoint, by its index; null if it has none. */
export async function tensorflowSteps(index: string, bytes: number): Promise<number | null> {
  await using file = await openHandle(index)
  const entries = await bundleEntries(file, bytes, new Set(STEPS))
  const name = STEPS.find((one) => entries?.has(one))
  const entry = name === undefined ? undefined : entries?.get(name)
  return entry ? await readCount(index, entry) : null
}

async function readCount(index: string, entry: BundleEntry): Promise<number | null> {
  const width = WIDTHS.get(entry.type)
  const prefix = `${basename(index, '.index')}.data-${String(entry.shard).padStart(5, '0')}-of-`
  const name = (await readdir(dirname(index))).find((one) => one.startsWith(prefix))
  if (width === undefined || entry.size !== width || name === undefined) return null
  await using data = await openHandle(join(dirname(index), name))
  const value = await bytesAt(data, entry.offset, width)
  if (value.length < width) return null
  const count = width === 8 ? Number(value.readBigInt64LE()) : value.readInt32LE()
  return Number.isSafeInteger(count) && count >= 0 ? count : null
}
