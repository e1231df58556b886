import { inflateRawSync } from 'node:zlib'
import { bytesAt, type ByteSource } from './bytes.ts'
import { directoryOf } from './zip.ts'

/** A file in an archive. */
export interface ZipEntry {
  name: string
  crc: number
  isStored: boolean
  /** Bytes in the archive. */
  packed: number
  /** The offset of its local header. */
  offset: number
}

const ENTRY = 0x02014b50
/** A larger directory is not read (bytes). */
const LARGEST = 16 << 20

/** Reads the files in an archive's directory; undefined if it is broken or too large. */
export async function zipEntries(file: ByteSource, bytes: number): Promise<ZipEntry[] | undefined> {
  const directory = await directoryOf(file, bytes)
  if (!directory || directory.size > LARGEST) return undefined
  const head = await bytesAt(file, directory.start, directory.size)
  const found: ZipEntry[] = []
  for (let at = 0; at + 46 <= head.length && head.readUInt32LE(at) === ENTRY;) {
    const [name, extra, comment] = [28, 30, 32].map((field) => head.readUInt16LE(at + field))
    if (name === undefined || extra === undefined || comment === undefined) break
    const [packed, offset] = longOf(head, at, { name, extra })
    const isStored = head.readUInt16LE(at + 10) === 0
    const text = head.toString('utf8', at + 46, at + 46 + name)
    found.push({ name: text, crc: head.readUInt32LE(at + 16), isStored, packed, offset })
    at += 46 + name + extra + comment
  }
  return found
}

/** Size and offset; above 4 GiB they are in the extra field (APPNOTE.TXT of PKWARE, 4.5.3). */
function longOf(
  head: Buffer,
  at: number,
  { name, extra }: { name: number; extra: number },
): [packed: number, offset: number] {
  let [packed, offset] = [head.readUInt32LE(at + 20), head.readUInt32LE(at + 42)]
  const isLong = [24, 20, 42].map((field) => head.readUInt32LE(at + field) === 0xffffffff)
  for (let one = at + 46 + name; one + 4 <= at + 46 + name + extra;) {
    const [id, length] = [head.readUInt16LE(one), head.readUInt16LE(one + 2)]
    let value = one + 4
    if (id === 1 && value + 8 * isLong.filter(Boolean).length <= head.length) {
      if (isLong[0]) value += 8
      if (isLong[1]) packed = Number(head.readBigUInt64LE(value))
      if (isLong[1]) value += 8
      if (isLong[2]) offset = Number(head.readBigUInt64LE(value))
    }
    one += 4 + length
  }
  return [packed, offset]
}

/** Reads the first bytes of a file in an archive. A compressed file is read whole or not at all. */
export async function bytesOfEntry(
  file: ByteSource,
  { offset, packed, isStored }: ZipEntry,
  most: number,
): Promise<Buffer | undefined> {
  if (!isStored && packed > most) return undefined
  const local = await bytesAt(file, offset, 30)
  if (local.length < 30) return undefined
  const start = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
  const bytes = await bytesAt(file, start, Math.min(packed, most))
  if (isStored) return bytes
  try {
    return inflateRawSync(bytes, { maxOutputLength: most })
  } catch {
    // Data that cannot be decompressed counts as missing.
    return undefined
  }
}
