import { setOwn } from '@bestmark/core'
import { z } from 'zod'

/** A tensor of 32-bit floats, in row-major order. */
interface Tensor {
  shape: number[]
  data: Float32Array<ArrayBuffer>
}
export type Tensors = Record<string, Tensor>

/** The format's own limit for the length of its header, in bytes. */
const LONGEST_HEADER = 100_000_000

const count = z.number().int().nonnegative()
const Header = z.record(
  z.string(),
  z.object({
    dtype: z.literal('F32'),
    shape: z.array(count),
    data_offsets: z.tuple([count, count]),
  }),
)

/**
 * Tensors in the safetensors format (https://github.com/huggingface/safetensors): the header's
 * length as a little-endian u64, the header in JSON padded with spaces to 8 bytes, then the data,
 * little-endian and without gaps.
 */
export function writeSafetensors(tensors: Tensors): Uint8Array {
  let end = 0
  const header = new Map<string, z.infer<typeof Header>[string]>()
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const start = end
    end += data.byteLength
    header.set(name, { dtype: 'F32', shape, data_offsets: [start, end] })
  }
  const json = Buffer.from(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(header) }),
  )
  const length = Math.ceil(json.length / 8) * 8
  const file = Buffer.alloc(8 + length + end, ' ')
  file.writeBigUInt64LE(BigInt(length))
  json.copy(file, 8)
  for (const [name, { data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    file.set(bytes, 8 + length + (header.get(name)?.data_offsets[0] ?? 0))
  }
  return file
}

/** Reads 32-bit float tensors. Throws if the file breaks the rules of the format. */
export function readSafetensors(file: Uint8Array): Tensors {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const length = bytes.length < 8 ? Infinity : Number(bytes.readBigUInt64LE())
  if (length > Math.min(LONGEST_HEADER, bytes.length - 8)) {
    throw new Error('The safetensors file is cut short: its header does not fit into it.')
  }
  const header = Header.parse(
    JSON.parse(bytes.toString('utf8', 8, 8 + length), (name, value: unknown) =>
      name === '__metadata__' ? undefined : value,
    ),
  )
  const body = bytes.subarray(8 + length)
  const tensors: Tensors = {}
  let expected = 0
  const entries = Object.entries(header)
  for (const [name, { shape, data_offsets }] of entries.toSorted(byStart)) {
    const [start, end] = data_offsets
    const size = 4 * shape.reduce((product, length) => product * length, 1)
    if (start !== expected || end - start !== size || end > body.length) {
      throw new Error(`The safetensors file is broken: the bytes of ${name} do not fit its shape.`)
    }
    setOwn(tensors, name, {
      shape,
      data: new Float32Array(Uint8Array.from(body.subarray(start, end)).buffer),
    })
    expected = end
  }
  if (expected !== body.length) {
    throw new Error('The safetensors file is broken: bytes at its end belong to no tensor.')
  }
  return tensors
}

type Entry = [string, z.infer<typeof Header>[string]]
const byStart = (a: Entry, b: Entry) => a[1].data_offsets[0] - b[1].data_offsets[0]
