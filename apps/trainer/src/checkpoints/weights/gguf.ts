import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'
import { HeaderBroken, GgufReader } from './ggufReader.ts'

/** Values per block and bytes per block, by the number of the type (ggml's `type_traits`). */
const BLOCKS: Readonly<Record<number, readonly [values: number, bytes: number]>> = {
  ...{ 0: [1, 4], 1: [1, 2], 2: [32, 18], 3: [32, 20], 6: [32, 22], 7: [32, 24], 8: [32, 34] },
  ...{ 9: [32, 36], 10: [256, 84], 11: [256, 110], 12: [256, 144], 13: [256, 176] },
  ...{ 14: [256, 210], 15: [256, 292], 16: [256, 66], 17: [256, 74], 18: [256, 98] },
  ...{ 19: [256, 50], 20: [32, 18], 21: [256, 110], 22: [256, 82], 23: [256, 136] },
  ...{ 24: [1, 1], 25: [1, 2], 26: [1, 4], 27: [1, 8], 28: [1, 8], 29: [256, 56] },
  ...{ 30: [1, 2], 34: [256, 54], 35: [256, 66], 39: [32, 17] },
}
/** More than any model has. A broken count must not cause a very long loop. */
const MOST = 1_000_000
const ALIGNMENT = 32

export function isGguf(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'GGUF'
}

/**
 * Checks that a GGUF file contains all tensors of its header
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Reads the header in pieces, and no data.
 */
export async function checkGguf(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  const head = await bytesAt(file, 0, 24)
  if (head.length < 24) return broken('cut_short', 'is cut short within its header')
  const version = head.readUInt32LE(4)
  if (version < 2 || version > 3)
    return broken('header_invalid', `has an unknown GGUF version (${version})`)
  const [tensors, pairs] = [Number(head.readBigUInt64LE(8)), Number(head.readBigUInt64LE(16))]
  if (tensors > MOST || pairs > MOST)
    return broken('header_invalid', 'has impossible counts in its header')
  try {
    const end = await tensorsEnd(new GgufReader(file, 24), tensors, pairs)
    return bytes < end ? broken('cut_short', `is cut short: ${bytes} of ${end} bytes`) : WHOLE
  } catch (error) {
    if (error instanceof HeaderBroken) return broken(error.fault, error.message)
    throw error
  }
}

/** The offset of the end of the last tensor. */
async function tensorsEnd(reader: GgufReader, tensors: number, pairs: number): Promise<number> {
  let alignment = ALIGNMENT
  for (let pair = 0; pair < pairs; pair++) {
    const key = await reader.text()
    const value = await reader.value()
    if (key === 'general.alignment' && value) alignment = value
  }
  let last = 0
  for (let tensor = 0; tensor < tensors; tensor++) {
    await reader.text()
    let values = 1
    for (let left = await reader.number(4); left > 0; left--) values *= await reader.number(8)
    const [inBlock, blockBytes] = BLOCKS[await reader.number(4)] ?? [1, 0]
    const size = Math.ceil(values / inBlock) * blockBytes
    last = Math.max(last, (await reader.number(8)) + size)
  }
  return Math.ceil(reader.offset / alignment) * alignment + last
}
