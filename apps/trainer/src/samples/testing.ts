import { crc32, deflateSync } from 'node:zlib'

type Colour = readonly [red: number, green: number, blue: number]

/** A PNG of one colour, as an image model might write. */
export function pngOf(...colour: Colour): Buffer {
  return pngFrom(8, () => colour)
}

/** A square PNG with a colour for each of its pixels. */
export function pngFrom(size: number, colourAt: (x: number, y: number) => Colour): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const along = Array.from({ length: size }, (_, at) => at)
  const rows = along.map((y) => Buffer.from([0, ...along.flatMap((x) => colourAt(x, y))]))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const data = chunk('IDAT', deflateSync(Buffer.concat(rows)))
  const chunks = [chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, ...chunks])
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(typed.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  typed.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(typed), typed.length + 4)
  return bytes
}

/** A name as kohya's scripts write it; `at` is a step, or `e` and an epoch. */
export function kohyaName(at: number | `e${number}`, prompt: number): string {
  const isEpoch = typeof at === 'string'
  const count = String(isEpoch ? at.slice(1) : at).padStart(6, '0')
  const index = String(prompt).padStart(2, '0')
  return `cat_${isEpoch ? 'e' : ''}${count}_${index}_20260102030405_42.png`
}
