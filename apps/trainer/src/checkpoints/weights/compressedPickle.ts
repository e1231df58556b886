import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflate } from 'node:zlib'
import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'

/** A longer file takes seconds to decompress, so its end is not checked (bytes). */
const LONGEST = 64 << 20
const PIECE = 1 << 20

/** Whether a file begins like data that joblib compressed with zlib, its default. */
export function isCompressed(head: Buffer): boolean {
  return head[0] === 0x78 && head.length > 2 && head.readUInt16BE(0) % 31 === 0
}

/** Checks that compressed data is complete: it is decompressed to its end, where its checksum is. */
export async function checkCompressed(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  if (bytes > LONGEST) return { problem: null, ends: false }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    await pipeline(Readable.from(piecesOf(file, bytes)), createInflate(), nowhere)
    return WHOLE
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'Z_BUF_ERROR')
      return broken('cut_short', 'is cut short within its compressed data')
    if (code === 'Z_DATA_ERROR') return { problem: null, ends: false }
    throw error
  }
}

async function* piecesOf(file: ByteSource, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE) yield await bytesAt(file, at, PIECE)
}
