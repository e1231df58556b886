import { promisify } from 'node:util'
import { zstdCompressSync, zstdDecompress } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompressHere, uncompressedFrame } from './zlib.ts'

/** Contents around the sizes of blocks. */
const SIZES = [0, 1, 131_071, 131_072, 131_073, 300_000]

test('newer versions of Node read what Node 20 writes, and Node 20 reads what they write', async () => {
  for (const size of SIZES) {
    const content = Buffer.alloc(size, 'abc\u00e4')
    expect(await promisify(zstdDecompress)(uncompressedFrame(content))).toEqual(content)
    expect(await promisify(decompressHere)(zstdCompressSync(content))).toEqual(content)
    expect(await promisify(decompressHere)(uncompressedFrame(content))).toEqual(content)
  }
})

test('data that is not zstd is refused', async () => {
  await expect(promisify(decompressHere)(Buffer.from('nonsense'))).rejects.toThrow()
})
