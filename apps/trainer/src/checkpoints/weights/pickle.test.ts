import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { checkWeights } from './weights.ts'

const bytes = (...values: number[]): Buffer => Buffer.from(values)
const word = (text: string): Buffer =>
  Buffer.concat([bytes(0x58, text.length, 0, 0, 0), Buffer.from(text)])
const pickle = (...parts: (Buffer | string)[]): Buffer =>
  Buffer.concat([
    bytes(0x80, 2),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    Buffer.from('.'),
  ])

/** The storage of a tensor as torch writes it, with its class from memory or written again. */
function storage(kind: Buffer, key: string, count: number): Buffer {
  const id = [Buffer.from('('), word('storage'), kind, word(key), word('cpu')]
  return Buffer.concat([...id, bytes(0x4d, count & 255, count >> 8), Buffer.from('tQ')])
}

const named = (name: string): Buffer => Buffer.from(`ctorch\n${name}Storage\nq\x01`)
const stored = (count: number, width: number): Buffer => {
  const head = Buffer.alloc(8)
  head.writeBigInt64LE(BigInt(count))
  return Buffer.concat([head, Buffer.alloc(count * width, 46)])
}

/** What torch saved before it wrote archives: three pickles about itself, the object, and its storages. */
const LEGACY = Buffer.concat([
  pickle(bytes(0x8a, 10), Buffer.from('6cfc9c46f9206aa85019', 'hex')),
  pickle(bytes(0x4d, 0xe9, 3)),
  pickle('}q\x00', word('little_endian'), bytes(0x88), 's'),
  pickle(
    ...['}(', word('a'), storage(named('Float'), '7', 300), word('b')],
    ...[
      storage(Buffer.from('h\x01'), '8', 10),
      word('again'),
      storage(Buffer.from('h\x01'), '7', 300),
    ],
    ...[word('c'), storage(named('Half'), '9', 5), 'u'],
  ),
  pickle(']q\x00(', word('7'), word('8'), word('9'), 'e'),
  ...[stored(300, 4), stored(10, 4), stored(5, 2)],
])

const RAW: Record<string, Buffer> = {
  words: pickle('}(', word('w'.repeat(200)), bytes(0x8a, 3, 1, 2, 3), word('l'), ']u'),
  long: pickle(bytes(0x42, 0, 0, 2, 0), Buffer.alloc(2 << 16, 46), '\x94h\x00\x86'),
}

async function seen(folder: string, content: Buffer) {
  const path = join(folder, 'model.pt')
  writeFileSync(path, content)
  return checkWeights(path, content.length)
}

for (const [name, whole] of Object.entries({ LEGACY, ...RAW })) {
  test(`an incomplete pickle is broken, and a whole one is complete: ${name}`, async () => {
    await using folder = await temporaryFolder()
    expect(await seen(folder.path, whole)).toEqual({ problem: null, ends: true })
    const step = Math.max(1, Math.floor(whole.length / 400))
    for (let length = whole.length - 1; length > 2; length -= step) {
      const { problem } = await seen(folder.path, whole.subarray(0, length))
      expect(problem?.fault, `${length} of ${whole.length} bytes`).toBe('cut_short')
    }
  })
}

test('a file that only begins like a pickle is not checked as one', async () => {
  await using folder = await temporaryFolder()
  const other = Buffer.concat([bytes(0x80, 2, 0xff, 0xfe), Buffer.alloc(500, 255)])
  expect(await seen(folder.path, other)).toEqual({ problem: null, ends: false })
  const more = Buffer.concat([LEGACY, Buffer.alloc(9)])
  expect(await seen(folder.path, more)).toEqual({ problem: null, ends: false })
})
