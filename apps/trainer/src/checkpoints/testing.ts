import { writeSafetensors } from '@bestmark/char-lm'

/** Complete files of each format, as small as possible. */
export const SAFETENSORS = Buffer.from(
  writeSafetensors({ weight: { shape: [2], data: Float32Array.of(1, 2) } }),
)

/** A zip archive with one file and a comment, with or without the records of a long archive. */
export function zip(
  comment = '',
  isLong = false,
  data = Buffer.from('weights'),
  inside = 'archive/data.pkl',
): Buffer {
  const name = Buffer.from(inside)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50)
  local.writeUInt32LE(data.length, 18)
  local.writeUInt32LE(data.length, 22)
  local.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50)
  entry.writeUInt32LE(data.length, 20)
  entry.writeUInt16LE(name.length, 28)
  const [size, offset] = [entry.length + name.length, local.length + name.length + data.length]
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  const long = isLong ? longEnd(size, offset) : Buffer.alloc(0)
  return Buffer.concat([local, name, data, entry, name, long, end, Buffer.from(comment)])
}

/** A value that can be pickled. */
export type Plain = number | string | null | readonly Plain[] | { [name: string]: Plain }

/** A file as torch saves a dictionary of texts and numbers and one tensor of two elements. */
export function torchFile(values: { [name: string]: Plain }, length = 2): Buffer {
  const parts = Object.entries(values).flatMap(([name, value]) => [pickleOf(name), pickleOf(value)])
  const storage = [
    latin('('),
    pickleOf('storage'),
    latin('ctorch\nFloatStorage\n'),
    pickleOf('0'),
    pickleOf('cpu'),
  ]
  const whole = [
    latin('ctorch._utils\n_rebuild_tensor_v2\n(('),
    ...storage.slice(1),
    pickleOf(2),
    latin('tQ'),
  ]
  const tensor = [
    ...whole,
    pickleOf(0),
    pickleOf(length),
    latin('\x85'),
    pickleOf(1),
    latin('\x85tR'),
  ]
  const weights = [pickleOf('weight'), ...tensor]
  return zip('', false, Buffer.concat([latin('\x80\x02}('), ...parts, ...weights, latin('u.')]))
}

function pickleOf(value: Plain): Buffer {
  if (value === null) return latin('N')
  if (typeof value === 'string') return Buffer.concat([latin('X'), u32(value.length), latin(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9)
    bytes.write('G')
    bytes.writeDoubleBE(value, 1)
    return Number.isInteger(value) ? Buffer.concat([latin('J'), u32(value)]) : bytes
  }
  if (isList(value)) return Buffer.concat([latin(']('), ...value.map(pickleOf), latin('e')])
  const parts = Object.entries(value).flatMap(([name, one]) => [pickleOf(name), pickleOf(one)])
  return Buffer.concat([latin('}('), ...parts, latin('u')])
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The records that torch writes before the end of each of its archives. */
function longEnd(size: number, offset: number): Buffer {
  const [record, locator] = [Buffer.alloc(56), Buffer.alloc(20)]
  record.writeUInt32LE(0x06064b50)
  record.writeBigUInt64LE(BigInt(size), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  locator.writeUInt32LE(0x07064b50)
  locator.writeBigUInt64LE(BigInt(offset + size), 8)
  return Buffer.concat([record, locator])
}

/** A pickle with file names, as in torch.distributed's `.metadata`. */
export function pickled(...names: string[]): Buffer {
  const words = names.map((name) =>
    Buffer.concat([Buffer.from([0x8c, name.length]), Buffer.from(name), Buffer.from([0x94])]),
  )
  return Buffer.concat([Buffer.from([0x80, 4]), ...words, Buffer.from('.')])
}

/** A GGUF file with a list of texts, an alignment, and one Q8_0 tensor of 64 values. */
export function gguf(): Buffer {
  const words = ['one', 'two', 'three'].map(text)
  const header = Buffer.concat([
    ...[Buffer.from('GGUF'), u32(3), u64(1), u64(2)],
    ...[text('tokenizer.ggml.tokens'), u32(9), u32(8), u64(words.length), ...words],
    ...[text('general.alignment'), u32(4), u32(64)],
    ...[text('blk.0.weight'), u32(2), u64(32), u64(2), u32(8), u64(0)],
  ])
  const padding = Buffer.alloc((64 - (header.length % 64)) % 64)
  return Buffer.concat([header, padding, Buffer.alloc((64 / 32) * 34, 1)])
}

/** An HDF5 superblock of version 0, and as many bytes as it declares. */
export function hdf5(bytes = 200): Buffer {
  const file = Buffer.alloc(bytes, 1)
  file.write('\x89HDF\r\n\x1a\n', 'latin1')
  file.fill(0, 8, 96)
  file[13] = 8
  file[14] = 8
  file.writeBigUInt64LE(BigInt(bytes), 24 + 16)
  return file
}

function text(words: string): Buffer {
  return Buffer.concat([u64(words.length), Buffer.from(words)])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
