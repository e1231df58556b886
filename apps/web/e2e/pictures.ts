import { crc32, deflateSync } from 'node:zlib'

/** A PNG of a disc on a ground, as base64; `hue` turns the disc's colour. */
export function picture(hue: number, size = 64): string {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: size }, (_, x) => pixel(x, y, size, hue)).flat()]),
  )
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const data = chunk('IDAT', deflateSync(Buffer.concat(rows)))
  const parts = [signature, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat(parts).toString('base64')
}

function pixel(x: number, y: number, size: number, hue: number): number[] {
  const isDisc = Math.hypot(x - size / 2, y - size / 2) < size / 3
  return isDisc ? [hue % 256, (hue * 3) % 256, 255 - (hue % 256)] : [40, 60, (hue / 2) % 256]
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(typed.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  typed.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(typed), typed.length + 4)
  return bytes
}

/** A silent WAV of half a second, as base64. */
export function sound(): string {
  const samples = Buffer.alloc(8_000)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.set([1, 0, 1, 0], 20)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(16_000, 28)
  head.set([2, 0, 16, 0], 32)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples]).toString('base64')
}
