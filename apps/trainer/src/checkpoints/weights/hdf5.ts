import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')

/** Whether a file begins like HDF5, in which Keras saves weights. */
export function isHdf5(head: Buffer): boolean {
  return head.subarray(0, SIGNATURE.length).equals(SIGNATURE)
}

/**
 * Checks that an HDF5 file reaches the end-of-file address in its superblock (HDF5 File Format
 * Specification 3.0, II.A). That address is written when the file is closed.
 */
export async function checkHdf5(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  const block = await bytesAt(file, 0, 96)
  const version = block[8] ?? NaN
  const width = block[version < 2 ? 13 : 9]
  if (width === undefined) return broken('cut_short', 'is cut short within its header')
  if (width !== 8) return { problem: null, ends: false }
  // Two addresses come before it; older superblocks begin with more versions and sizes.
  const first = version === 0 ? 24 : version === 1 ? 28 : 12
  if (block.length < first + 24) return broken('cut_short', 'is cut short within its header')
  const end = Number(block.readBigUInt64LE(first + 16))
  return bytes < end ? broken('cut_short', `is cut short: ${bytes} of ${end} bytes`) : WHOLE
}
