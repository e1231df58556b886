import { pngFrom } from '../../trainer/src/samples/testing.ts'

/** A PNG of a disc on a ground, as base64; `hue` turns the disc's colour. */
export function picture(hue: number, size = 64): string {
  const disc = [hue % 256, (hue * 3) % 256, 255 - (hue % 256)] as const
  const ground = [40, 60, (hue / 2) % 256] as const
  const isDisc = (x: number, y: number) => Math.hypot(x - size / 2, y - size / 2) < size / 3
  return pngFrom(size, (x, y) => (isDisc(x, y) ? disc : ground)).toString('base64')
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
