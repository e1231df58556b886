import { packDecimals, unpackDecimals } from './decimals.ts'

/*
 * Numbers of a chunk as bytes. Steps mostly grow evenly, losses mostly come from 32-bit floats, and
 * times are mostly whole milliseconds. Stored like this they take a third of the bytes, and Postgres
 * has nothing to compress, which took most of its time. Every number stays as it is, to the last bit.
 *
 * Bytes whose length is a multiple of eight are plain Float64 numbers, as older versions stored them.
 * All other bytes begin with a code; no packed form has a length that is a multiple of eight.
 * Numbers are little-endian where nothing else is said.
 */

/** Count (32 bits), first number, difference. */
const EVEN = 1
/** Each number as a 32-bit float. */
const SINGLE = 2
/** First number, then each number's offset from it as an unsigned 32-bit integer. */
const OFFSETS = 3
/** See `packDecimals`. */
const DECIMALS = 4
/** Plain big-endian Float64 numbers, as Postgres itself writes them. */
export const BIG_ENDIAN = 5
/** Points of three numbers: the lengths of three parts (32 bits each), then a packed part per column. */
const TRIPLES = 6
const LENGTHS = 3 * 4

/** The packed forms begin after the code, so their numbers are copied from here. */
const CODE = 1
const EVEN_LENGTH = CODE + 4 + 8 + 8

/** The shortest form that keeps every number. */
export function packNumbers(numbers: Float64Array): Buffer {
  return even(numbers) ?? shortest(numbers) ?? offsets(numbers) ?? bytesOf(numbers)
}

function shortest(numbers: Float64Array): Buffer | undefined {
  const [first, second] = [decimals(numbers), singles(numbers)]
  return first && second && second.length < first.length ? second : (first ?? second)
}

/** As `packNumbers`, for points of three numbers one after another: each column on its own. */
export function packTriples(numbers: Float64Array): Buffer {
  const column = (offset: number) =>
    packNumbers(
      Float64Array.from({ length: numbers.length / 3 }, (_, at) => numbers[3 * at + offset] ?? NaN),
    )
  const parts = [column(0), column(1), column(2)]
  const lengths = Uint32Array.from(parts, ({ length }) => length)
  return padded(TRIPLES, bytesOf(lengths), ...parts)
}

function unpackTriples(bytes: Uint8Array): Float64Array {
  let from = LENGTHS
  const lengths = new Uint32Array(aligned(bytes.subarray(0, LENGTHS)))
  const columns = Array.from(lengths, (length) => {
    return unpackNumbers(bytes.subarray(from, (from += length)))
  })
  const count = columns[0]?.length ?? 0
  const numberAt = (at: number) => columns[at % 3]?.[Math.floor(at / 3)] ?? NaN
  return Float64Array.from({ length: 3 * count }, (_, at) => numberAt(at))
}

/** The numbers of packed or plain bytes. Throws an `Error` if the bytes have no known form. */
export function unpackNumbers(bytes: Uint8Array): Float64Array {
  if (bytes.length % 8 === 0) return new Float64Array(aligned(bytes))
  const rest = bytes.subarray(CODE)
  switch (bytes[0]) {
    case EVEN:
      return unpackEven(rest)
    case SINGLE:
      return new Float64Array(new Float32Array(aligned(rest)))
    case OFFSETS:
      return unpackOffsets(rest)
    case DECIMALS:
      return unpackDecimals(rest)
    case TRIPLES:
      return unpackTriples(rest)
    case BIG_ENDIAN:
      return new Float64Array(new Uint8Array(Buffer.from(rest).swap64()).buffer)
    default:
      throw new Error(`Stored numbers have the unknown form ${bytes[0]}.`)
  }
}

function even(numbers: Float64Array): Buffer | undefined {
  const [first = NaN, second = NaN] = numbers
  const difference = second - first
  for (let index = 0; index < numbers.length; index++) {
    if (!Object.is(numbers[index], first + index * difference)) return undefined
  }
  const bytes = Buffer.alloc(EVEN_LENGTH)
  bytes.writeUInt8(EVEN)
  bytes.writeUInt32LE(numbers.length, CODE)
  bytes.writeDoubleLE(first, CODE + 4)
  bytes.writeDoubleLE(difference, CODE + 12)
  return bytes
}

function unpackEven(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first, difference] = [view.getFloat64(4, true), view.getFloat64(12, true)]
  const numbers = new Float64Array(view.getUint32(0, true))
  for (let index = 0; index < numbers.length; index++) numbers[index] = first + index * difference
  return numbers
}

function singles(numbers: Float64Array): Buffer | undefined {
  for (const number of numbers) if (!Object.is(number, Math.fround(number))) return undefined
  return coded(SINGLE, bytesOf(new Float32Array(numbers)))
}

function decimals(numbers: Float64Array): Buffer | undefined {
  const bytes = packDecimals(numbers)
  if (!bytes || bytes.length >= 8 * numbers.length) return undefined
  return padded(DECIMALS, bytes)
}

function offsets(numbers: Float64Array): Buffer | undefined {
  const first = numbers[0] ?? NaN
  const rest = new Uint32Array(numbers.length)
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] ?? NaN
    const offset = number - first
    rest[index] = offset
    if (rest[index] !== offset || !Object.is(first + offset, number)) return undefined
  }
  return coded(OFFSETS, bytesOf(new Float64Array([first])), bytesOf(rest))
}

function unpackOffsets(bytes: Uint8Array): Float64Array {
  const [first = NaN] = new Float64Array(aligned(bytes.subarray(0, 8)))
  const numbers = new Float64Array(new Uint32Array(aligned(bytes.subarray(8))))
  for (let index = 0; index < numbers.length; index++)
    numbers[index] = first + (numbers[index] ?? 0)
  return numbers
}

function coded(code: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(code), ...parts])
}

/** As `coded`; one more byte where the length would be a multiple of eight. */
function padded(code: number, ...parts: Buffer[]): Buffer {
  const bytes = coded(code, ...parts)
  return bytes.length % 8 === 0 ? Buffer.concat([bytes, Buffer.of(0)]) : bytes
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** A copy, because bytes of the driver may begin where a number may not. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
