import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'

// Signatures of the format's records (APPNOTE.TXT of PKWARE, sections 4.3.7 to 4.3.16).
const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const ENTRY = 0x02014b50
const END_BYTES = 22
const END_64_BYTES = 56
const LOCATOR_BYTES = 20
const LONGEST_COMMENT = 0xffff

/** Whether a file begins like a zip archive, which torch and Keras save. */
export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE() === 0x04034b50
}

/**
 * Checks that an archive is complete: it ends with the record that is written last, and its directory
 * is directly before, where the record says. If the file has several archives (`isOneOfMany`), the
 * last is checked; its offsets count from its own beginning.
 */
export async function checkZip(
  file: ByteSource,
  bytes: number,
  isOneOfMany: boolean,
): Promise<WeightsCheck> {
  const directory = await directoryOf(file, bytes)
  if (directory === undefined)
    return broken('cut_short', 'is cut short: the end of its archive is missing')
  const before = directory.start - directory.offset
  if (directory.size > 0 && (before === 0 || (before > 0 && isOneOfMany))) {
    const first = await bytesAt(file, directory.start, 4)
    if (first.length === 4 && first.readUInt32LE() === ENTRY) return WHOLE
  }
  return broken('header_invalid', 'has a broken archive directory')
}

/** The directory of an archive: its size, its offset by the archive's record, and its real start. */
export interface Directory {
  size: number
  offset: number
  start: number
}

/** Finds the directory of an archive; undefined if the end of the archive is missing. */
export async function directoryOf(file: ByteSource, bytes: number): Promise<Directory | undefined> {
  const tail = Math.max(0, bytes - END_BYTES - LONGEST_COMMENT)
  const last = await bytesAt(file, tail, bytes - tail)
  const end = endRecord(last)
  if (end === undefined) return undefined
  const [size, offset] = [last.readUInt32LE(end + 12), last.readUInt32LE(end + 16)]
  const isLong = offset === 0xffffffff || size === 0xffffffff
  // Torch writes the records of a long archive into short archives too.
  const long = await directory64(file, tail + end)
  return (
    long ?? (isLong ? { size: 0, offset: 0, start: 0 } : { size, offset, start: tail + end - size })
  )
}

/** The position of the end record, whose comment ends at the last byte of the file. */
function endRecord(last: Buffer): number | undefined {
  for (let at = last.length - END_BYTES; at >= 0; at--) {
    if (last.readUInt32LE(at) !== END) continue
    if (at + END_BYTES + last.readUInt16LE(at + 20) === last.length) return at
  }
  return undefined
}

/** The directory by the records of archives larger than 4 GiB. */
async function directory64(file: ByteSource, end: number) {
  const at = end - LOCATOR_BYTES - END_64_BYTES
  if (at < 0) return undefined
  const last = await bytesAt(file, at, LOCATOR_BYTES + END_64_BYTES)
  if (last.readUInt32LE(END_64_BYTES) !== LOCATOR_64 || last.readUInt32LE() !== END_64) {
    return undefined
  }
  const [size, offset] = [Number(last.readBigUInt64LE(40)), Number(last.readBigUInt64LE(48))]
  return { size, offset, start: at - size }
}
