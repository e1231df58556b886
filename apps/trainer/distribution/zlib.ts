// Node 20 has no zstd. There, data is written in the format of zstd without compression.
import * as zlib from 'node:zlib'
import { decompress } from 'fzstd'

export * from 'node:zlib'

const MAGIC = 0xfd2fb528
/** The content is one segment, and its size has four bytes (RFC 8878, 3.1.1.1). */
const DESCRIPTOR = 0b1010_0000
const BLOCK = 128 * 1024

/** A frame of zstd with blocks that are not compressed (RFC 8878, 3.1.1.2). */
export function uncompressedFrame(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as string)
  const header = Buffer.alloc(9)
  header.writeUInt32LE(MAGIC)
  header.writeUInt8(DESCRIPTOR, 4)
  header.writeUInt32LE(bytes.length, 5)
  const parts: Buffer[] = [header]
  let from = 0
  do {
    const block = bytes.subarray(from, from + BLOCK)
    from += block.length
    const start = Buffer.alloc(3)
    const isLast = from >= bytes.length ? 1 : 0
    start.writeUIntLE((block.length << 3) | isLast, 0, 3)
    parts.push(start, block)
  } while (from < bytes.length)
  return Buffer.concat(parts)
}

/** As `zstdDecompress` of newer versions. */
export function decompressHere(
  bytes: Uint8Array,
  done: (error: unknown, unpacked?: Buffer) => void,
): void {
  try {
    const unpacked = decompress(bytes)
    done(null, Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length))
  } catch (error) {
    done(error)
  }
}

/** What Node has here; the types are those of newer versions. */
const builtIn: Partial<Pick<typeof zlib, 'zstdCompressSync' | 'zstdDecompress'>> = zlib

export const zstdCompressSync = builtIn.zstdCompressSync ?? uncompressedFrame
export const zstdDecompress = builtIn.zstdDecompress ?? decompressHere
