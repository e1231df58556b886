import { expect, test } from 'vitest'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

const TENSORS = {
  matrix: { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-30, NaN, Infinity, -0) },
  scalar: { shape: [], data: Float32Array.of(7) },
  empty: { shape: [0, 4], data: new Float32Array() },
}

/** A file with this header and `size` zero bytes of data. */
function fileOf(header: string, size: number): Uint8Array {
  const file = Buffer.alloc(8 + header.length + size)
  file.writeBigUInt64LE(BigInt(header.length))
  file.write(header, 8)
  return file
}

test('tensors come back bit for bit', () => {
  expect(readSafetensors(writeSafetensors(TENSORS))).toEqual(TENSORS)
})

test('only the view into a larger buffer is written', () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
  const file = writeSafetensors({ part: { shape: [2], data } })
  expect([...readSafetensors(file)['part']!.data]).toEqual([2, 3])
})

test('the header is JSON after its length, padded so that the data begins at a multiple of 8', () => {
  const file = Buffer.from(writeSafetensors(TENSORS))
  const length = Number(file.readBigUInt64LE())
  const text = file.toString('utf8', 8, 8 + length)
  expect(length % 8).toBe(0)
  expect(text).toMatch(/^\{.*\} *$/)
  expect(JSON.parse(text)).toEqual({
    __metadata__: { format: 'pt' },
    matrix: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    scalar: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
    empty: { dtype: 'F32', shape: [0, 4], data_offsets: [28, 28] },
  })
  expect(file.length).toBe(8 + length + 28)
  expect(file.readFloatLE(8 + length + 4)).toBe(-2.5)
})

test('a file that is cut short is refused', () => {
  const file = writeSafetensors(TENSORS)
  expect(() => readSafetensors(file.subarray(0, 4))).toThrow('cut short')
  expect(() => readSafetensors(file.subarray(0, 40))).toThrow('cut short')
  expect(() => readSafetensors(file.subarray(0, file.length - 1))).toThrow('scalar do not fit')
})

test('gaps, overlaps, sizes that contradict the shape and bytes outside all tensors are refused', () => {
  const header = (start: number, end: number) =>
    `{"a":{"dtype":"F32","shape":[2],"data_offsets":[${start},${end}]}}`
  expect(readSafetensors(fileOf(header(0, 8), 8))).toHaveProperty('a')
  expect(() => readSafetensors(fileOf(header(4, 12), 12))).toThrow('do not fit its shape')
  expect(() => readSafetensors(fileOf(header(0, 12), 12))).toThrow('do not fit its shape')
  expect(() => readSafetensors(fileOf(header(0, 8), 12))).toThrow('belong to no tensor')
})

test('types other than 32-bit floats are refused', () => {
  const header = '{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
  expect(() => readSafetensors(fileOf(header, 4))).toThrow()
})
