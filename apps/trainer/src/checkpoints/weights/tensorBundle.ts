import { bytesAt, type ByteSource } from './bytes.ts'

/** Where a value of a TensorFlow checkpoint lies in its data files. */
export interface BundleEntry {
  /** TensorFlow's number of the type: 3 is int32, 9 is int64. */
  type: number
  shard: number
  offset: number
  size: number
}

/** The last bytes of a table (`tensorflow/core/lib/io/format.h`), which end with a magic number. */
const FOOTER = 48
const MAGIC = 0xdb4775248b80fb57n
/** Larger blocks hold no index of a checkpoint (bytes). */
const LARGEST = 1 << 24

/**
 * The entries of some names in the index of a TensorFlow checkpoint; undefined if it is no such index.
 * An index is a table with sorted keys: its last block lists the others.
 */
export async function bundleEntries(
  file: ByteSource,
  bytes: number,
  names: ReadonlySet<string>,
): Promise<Map<string, BundleEntry> | undefined> {
  const footer = await bytesAt(file, Math.max(0, bytes - FOOTER), FOOTER)
  if (footer.length < FOOTER || footer.readBigUInt64LE(FOOTER - 8) !== MAGIC) return undefined
  const handles = new Reader(footer)
  handles.skip(2)
  const found = new Map<string, BundleEntry>()
  for (const [, handle] of await blockAt(file, handles)) {
    for (const [name, value] of await blockAt(file, new Reader(handle))) {
      if (names.has(name)) found.set(name, entryIn(value))
    }
  }
  return found
}

/** Reads numbers of variable length, as protocol buffers write them. */
class Reader {
  at = 0
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    // A length that is cut is not a number; then nothing follows.
    return !(this.at < this.bytes.length)
  }

  number(): number {
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) return NaN
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
  }

  skip(numbers: number): void {
    for (let left = numbers; left > 0; left--) this.number()
  }

  take(length: number): Buffer {
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }
}

/** The keys and values of the block at an offset and with a size, which are read first. */
async function blockAt(file: ByteSource, handle: Reader): Promise<[string, Buffer][]> {
  const [offset, size] = [handle.number(), handle.number()]
  if (!(size >= 4 && size <= LARGEST) || !Number.isSafeInteger(offset)) return []
  // One byte after the block says whether it is compressed; TensorFlow does not compress an index.
  const block = await bytesAt(file, offset, size + 1)
  if (block.length < size + 1 || block[size] !== 0) return []
  const restarts = block.readUInt32LE(size - 4)
  const end = size - 4 - 4 * restarts
  if (end < 0) return []
  const entries = new Reader(block.subarray(0, end))
  const found: [string, Buffer][] = []
  let before = ''
  while (!entries.isAtEnd) {
    const [shared, more, length] = [entries.number(), entries.number(), entries.number()]
    if (Number.isNaN(length)) break
    before = before.slice(0, shared) + entries.take(more).toString('latin1')
    found.push([before, entries.take(length)])
  }
  return found
}

/** Fields of `BundleEntryProto` (`tensorflow/core/protobuf/tensor_bundle.proto`). */
function entryIn(value: Buffer): BundleEntry {
  const entry: BundleEntry = { type: 0, shard: 0, offset: 0, size: 0 }
  const fields = new Reader(value)
  while (!fields.isAtEnd) {
    const key = fields.number()
    const [field, wire] = [key >> 3, key & 7]
    if (wire === 0) {
      const number = fields.number()
      if (field === 1) entry.type = number
      else if (field === 3) entry.shard = number
      else if (field === 4) entry.offset = number
      else if (field === 5) entry.size = number
    } else if (wire === 2) fields.take(fields.number())
    else if (wire === 5) fields.take(4)
    else break
  }
  return entry
}
