/** CRC-32C (Castagnoli), reflected: the polynomial 0x1EDC6F41. */
const TABLE = new Uint32Array(256).map((_zero, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** The checksum of some bytes as a TFRecord carries it: rotated, and shifted by a constant. */
export function maskedCrc(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff
  for (let at = from; at < to; at++) {
    crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Bytes before and after a record's own: its length with a checksum, and its own checksum. */
export const HEAD = 12
const TAIL = 4

/** Where the records of a piece lie. */
export interface Records {
  /** From and to of each whole record. */
  spans: [from: number, to: number][]
  /** Records whose bytes are not what their checksum says. */
  damaged: number
  /** The bytes that were used; 0 where the first record is not whole yet. */
  used: number
  /** Whether no record can follow, since a length itself is damaged. */
  isLost: boolean
}

/**
 * Finds the records of a TFRecord file in its next bytes: length (u64), its masked CRC-32C, the
 * record, its masked CRC-32C, all little-endian. A record that is longer than the piece is skipped
 * once `remaining`, the bytes from here to the end of the file, hold it whole.
 */
export function findRecords(bytes: Buffer, remaining: number): Records {
  const found: Records = { spans: [], damaged: 0, used: 0, isLost: false }
  while (found.used + HEAD <= bytes.length) {
    const at = found.used
    const length = Number(bytes.readBigUInt64LE(at))
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
