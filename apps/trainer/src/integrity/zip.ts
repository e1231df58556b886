import type { FileHandle } from 'node:fs/promises'
import { broken, bytesAt, WHOLE, type WeightsSeen } from './bytes.ts'

// Signatures of the format's records (APPNOTE.TXT of PKWARE, sections 4.3.7 to 4.3.16).
const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const ENTRY = 0x02014b50
const END_BYTES = 22
const LONGEST_COMMENT = 0xffff

/** Whether a file begins as zip archives do, which torch and Keras save. */
export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE() === 0x04034b50
}

/**
 * Whether an archive is whole: it ends in the record that is written last, and its directory lies
 * where that says.
 */
export async function lookAtZip(file: FileHandle, bytes: number): Promise<WeightsSeen> {
  const tail = Math.max(0, bytes - END_BYTES - LONGEST_COMMENT)
  const last = await bytesAt(file, tail, bytes - tail)
  const end = endRecord(last)
  if (end === undefined) return broken('it is cut short: the end of its archive is missing')
  let [size, offset] = [last.readUInt32LE(end + 12), last.readUInt32LE(end + 16)]
  if (offset === 0xffffffff || size === 0xffffffff) {
    const found = await directory64(file, tail + end)
    if (!found) return broken('the directory of its archive is broken')
    ;[size, offset] = found
  }
  const first = await bytesAt(file, offset, 4)
  const isThere = size > 0 && offset + size <= tail + end && first.length === 4
  if (isThere && first.readUInt32LE() === ENTRY) return WHOLE
  return broken('the directory of its archive is broken')
}

/** Where the end record begins: its comment reaches to the file's last byte. */
function endRecord(last: Buffer): number | undefined {
  for (let at = last.length - END_BYTES; at >= 0; at--) {
    if (last.readUInt32LE(at) !== END) continue
    if (at + END_BYTES + last.readUInt16LE(at + 20) === last.length) return at
  }
  return undefined
}

/** Size and offset of the directory of an archive beyond 4 GiB. */
async function directory64(file: FileHandle, end: number): Promise<[number, number] | undefined> {
  if (end < 20) return undefined
  const locator = await bytesAt(file, end - 20, 20)
  if (locator.readUInt32LE() !== LOCATOR_64) return undefined
  const record = await bytesAt(file, Number(locator.readBigUInt64LE(8)), 56)
  if (record.length < 56 || record.readUInt32LE() !== END_64) return undefined
  return [Number(record.readBigUInt64LE(40)), Number(record.readBigUInt64LE(48))]
}
