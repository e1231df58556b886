import type { FileHandle } from 'node:fs/promises'
import { broken, bytesAt, WHOLE, type WeightsCheck } from './bytes.ts'

// Signatures of the format's records (APPNOTE.TXT of PKWARE, sections 4.3.7 to 4.3.16).
const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const ENTRY = 0x02014b50
const END_BYTES = 22
const END_64_BYTES = 56
const LOCATOR_BYTES = 20
const LONGEST_COMMENT = 0xffff

/** Whether a file begins as zip archives do, which torch and Keras save. */
export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE() === 0x04034b50
}

/**
 * Whether an archive is whole: it ends in the record that is written last, and its directory lies
 * right before that, where the record says. Of several archives one after another (`isOneOfMany`)
 * the last is looked at, which counts from its own beginning.
 */
export async function checkZip(
  file: FileHandle,
  bytes: number,
  isOneOfMany: boolean,
): Promise<WeightsCheck> {
  const directory = await directoryOf(file, bytes)
  if (directory === undefined) return broken('is cut short: the end of its archive is missing')
  const before = directory.start - directory.offset
  if (directory.size > 0 && (before === 0 || (before > 0 && isOneOfMany))) {
    const first = await bytesAt(file, directory.start, 4)
    if (first.length === 4 && first.readUInt32LE() === ENTRY) return WHOLE
  }
  return broken('has a broken archive directory')
}

/** The directory of an archive's files: its size, where the archive says that it begins, and where it does. */
export interface Directory {
  size: number
  offset: number
  start: number
}

/** Where the directory of an archive lies; undefined where its end is missing. */
export async function directoryOf(file: FileHandle, bytes: number): Promise<Directory | undefined> {
  const tail = Math.max(0, bytes - END_BYTES - LONGEST_COMMENT)
  const last = await bytesAt(file, tail, bytes - tail)
  const end = endRecord(last)
  if (end === undefined) return undefined
  const [size, offset] = [last.readUInt32LE(end + 12), last.readUInt32LE(end + 16)]
  const isLong = offset === 0xffffffff || size === 0xffffffff
  // Torch writes the records of a long archive in short ones as well.
  const long = await directory64(file, tail + end)
  return (
    long ?? (isLong ? { size: 0, offset: 0, start: 0 } : { size, offset, start: tail + end - size })
  )
}

/** Where the end record begins: its comment reaches to the file's last byte. */
function endRecord(last: Buffer): number | undefined {
  for (let at = last.length - END_BYTES; at >= 0; at--) {
    if (last.readUInt32LE(at) !== END) continue
    if (at + END_BYTES + last.readUInt16LE(at + 20) === last.length) return at
  }
  return undefined
}

/** By the records of archives beyond 4 GiB: the directory's size, where they say that it begins, and where it does. */
async function directory64(file: FileHandle, end: number) {
  const at = end - LOCATOR_BYTES - END_64_BYTES
  if (at < 0) return undefined
  const last = await bytesAt(file, at, LOCATOR_BYTES + END_64_BYTES)
  if (last.readUInt32LE(END_64_BYTES) !== LOCATOR_64 || last.readUInt32LE() !== END_64) {
    return undefined
  }
  const [size, offset] = [Number(last.readBigUInt64LE(40)), Number(last.readBigUInt64LE(48))]
  return { size, offset, start: at - size }
}
