/** CRC-32C (Castagnoli), reflected: the polynomial 0x1EDC6F41. */
const TABLE = new Uint32Array(256).map((_zero, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** The checksum in a TFRecord: CRC-32C, rotated and shifted by a constant. */
export function maskedCrc(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff
  for (let at = from; at < to; at++) {
    crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Bytes before a record (length and its checksum) and after it (the record's checksum). */
export const HEAD = 12
const TAIL = 4

/** The records in a piece of a file. */
export interface Records {
  /** Start and end of each complete record. */
  spans: [from: number, to: number][]
  /** The number of records with a wrong checksum. */
  damaged: number
  /** The number of bytes used; 0 if the first record is not complete yet. */
  used: number
  /** Whether a length is damaged, so no later record can be found. */
  isLost: boolean
}

/**
 * Finds the records in the next bytes of a TFRecord file. A record is: length (u64), its masked
 * CRC-32C, the data, its masked CRC-32C, all little-endian. A record longer than the piece is skipped
 * when it is complete; `remaining` is the number of bytes up to the end of the file.
 */
export function findRecords(bytes: Buffer, remaining: number): Records {
  const found: Records = { spans: [], damaged: 0, used: 0, isLost: false }
  while (found.used + HEAD <= bytes.length) {
    const at = found.used
    // A BigInt per record would be garbage.
    const length = bytes.readUInt32LE(at) + 2 ** 32 * bytes.readUInt32LE(at + 4)
    if (maskedCrc(bytes, at, at + 8) !== bytes.readUInt32LE(at + 8)) {
      return { ...found, used: remaining, damaged: found.damaged + 1, isLost: true }
    }
    const [from, to] = [at + HEAD, at + HEAD + length]
    if (to + TAIL > bytes.length) {
      const isLong = at === 0 && to + TAIL <= remaining
      return isLong ? { ...found, used: to + TAIL } : found
    }
    if (maskedCrc(bytes, from, to) === bytes.readUInt32LE(to)) found.spans.push([from, to])
    else found.damaged++
    found.used = to + TAIL
  }
  return found
}

/** Where the first record begins in bytes from the middle of a file; their end if there is none. */
export function findRecordStart(bytes: Buffer): number {
  for (let at = 0; at + HEAD <= bytes.length; at++) {
    if (maskedCrc(bytes, at, at + 8) === bytes.readUInt32LE(at + 8)) return at
  }
  return bytes.length
}
