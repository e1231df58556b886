import { z } from 'zod'
import { openHandle } from '../../files/runFile.ts'
import { broken, bytesAt, type ByteSource, type WeightsCheck } from './bytes.ts'
import { checkTensors } from './usable.ts'

/** The format's limit for the length of its header, in bytes. */
const LONGEST_HEADER = 100_000_000
const PIECE = 1 << 20
/** The longest text of an entry's offsets, which may begin in one piece and end in the next. */
const OVERLAP = 128
/** Inside a string the quotes would have backslashes, so a match always belongs to a tensor. */
const OFFSETS = /"data_offsets"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*\]/g

/**
 * Checks that a safetensors file is as long as its header says
 * (https://github.com/huggingface/safetensors). Reads the header in pieces, and no data.
 */
export async function checkSafetensors(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  const start = await bytesAt(file, 0, 9)
  const length = start.length < 9 ? Infinity : Number(start.readBigUInt64LE())
  if (start.length === 9 && (length > LONGEST_HEADER || start[8] !== 0x7b)) {
    return broken('wrong_format', 'is not a safetensors file')
  }
  if (8 + length > bytes) return broken('cut_short', 'is cut short within its header')
  const { end, tensors, empty } = await tensorsIn(file, length)
  const expected = 8 + length + end
  if (expected === bytes) return checkTensors(tensors, empty)
  return bytes < expected
    ? broken('cut_short', `is cut short: ${bytes} of ${expected} bytes`)
    : broken('too_long', `has ${bytes - expected} bytes more than its header declares`)
}

/** The end of the last tensor, counted from the end of the header, and the number of tensors. */
async function tensorsIn(file: ByteSource, length: number) {
  const offsets = new Map<number, boolean>()
  let [end, rest] = [0, '']
  let before = 0
  for (let at = 0; at < length; at += PIECE) {
    const piece = await bytesAt(file, 8 + at, Math.min(PIECE, length - at))
    const text = rest + piece.toString('latin1')
    for (const { 1: from, 2: to, index } of text.matchAll(OFFSETS)) {
      end = Math.max(end, Number(to))
      // An entry at the border of two pieces may be found in both.
      offsets.set(before + index, from === to)
    }
    rest = text.slice(-OVERLAP)
    before += text.length - rest.length
  }
  const empty = [...offsets.values()].filter(Boolean).length
  return { end, tensors: offsets.size, empty }
}

/** A longer header is not parsed for its metadata (bytes). */
const LONGEST_METADATA = 8 << 20
const Metadata = z.object({ __metadata__: z.record(z.string(), z.string()) })

/** Reads the metadata of a safetensors header; empty if there is none or the file is invalid. */
export async function safetensorsMetadata(path: string): Promise<Record<string, string>> {
  await using file = await openHandle(path)
  const start = await bytesAt(file, 0, 8)
  const length = start.length < 8 ? Infinity : Number(start.readBigUInt64LE())
  if (length > LONGEST_METADATA) return {}
  try {
    const header: unknown = JSON.parse((await bytesAt(file, 8, length)).toString('utf8'))
    return Metadata.safeParse(header).data?.__metadata__ ?? {}
  } catch {
    // A header that is not JSON has no metadata.
    return {}
  }
}
