import { broken, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'
import { PickleReader } from './pickleReader.ts'

/** The first pickle of torch's older format holds this number (`torch/serialization.py`). */
const MAGIC = '6cfc9c46f9206aa85019'

/** Bytes per element, by the class of the storage. */
const WIDTHS = new Map([
  ...['Double', 'Long', 'ComplexFloat'].map((name): [string, number] => [name, 8]),
  ...['Float', 'Int', 'QInt32'].map((name): [string, number] => [name, 4]),
  ...['Half', 'Short', 'BFloat16'].map((name): [string, number] => [name, 2]),
  ...['Char', 'Byte', 'Bool', 'QInt8', 'QUInt8', 'Untyped'].map((name): [string, number] => [
    name,
    1,
  ]),
  ...['QUInt4x2', 'QUInt2x4'].map((name): [string, number] => [name, 1]),
  ['ComplexDouble', 16],
])

/** Whether a file begins like a pickle of protocol 2 or later. */
export function isPickle(head: Buffer): boolean {
  return head[0] === 0x80 && head[1] !== undefined && head[1] >= 2 && head[1] <= 5
}

/** Whether a file begins like torch's older format: with the pickle of its number. */
export function isOldTorch(head: Buffer): boolean {
  return isPickle(head) && head.subarray(2, 16).toString('hex').includes(MAGIC)
}

const UNKNOWN: WeightsCheck = { problem: null, ends: false }

/**
 * Checks that a pickle, or a file of torch's older format, is complete: each pickle ends with STOP,
 * and after torch's five pickles come the bytes of every storage, each after its count.
 */
export async function checkPickle(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  const reader = new PickleReader(file, bytes)
  const first = await reader.walk()
  if (first !== 'stop') return unfinished(first)
  if (reader.top !== MAGIC) return reader.offset === bytes ? WHOLE : UNKNOWN
  // The version of the format, the system, the object itself, and the keys of its storages.
  for (let pickle = 0; pickle < 4; pickle++) {
    const end = await reader.walk()
    if (end !== 'stop') return unfinished(end)
  }
  const expected = reader.offset + storedBytes(reader.persistent)
  if (bytes < expected) return broken('cut_short', `is cut short: ${bytes} of ${expected} bytes`)
  return bytes === expected ? WHOLE : UNKNOWN
}

function unfinished(end: 'cut' | 'unknown'): WeightsCheck {
  return end === 'cut' ? broken('cut_short', 'is cut short within its pickle') : UNKNOWN
}

/** Bytes of all storages with their counts; NaN if the width of a storage is unknown. */
function storedBytes(persistent: PickleReader['persistent']): number {
  const sizes = new Map<string, number>()
  for (const one of persistent) {
    if (!Array.isArray(one) || one[0] !== 'storage') continue
    const [, kind, key, , count] = one
    const width = WIDTHS.get(String(kind).replace(/Storage$/, '')) ?? NaN
    sizes.set(String(key), 8 + width * Number(count))
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}
