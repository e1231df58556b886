/*
 * Decimal numbers that change evenly, such as milliseconds, seconds with microseconds, counts, and
 * losses that a program rounded: as whole multiples of a unit, each by how much its difference from
 * the number before it changed. A time takes about two bytes like this.
 */

/** One divided by the unit of the numbers; the place in this list is stored. */
const PER_UNIT = [1, 1e3, 1e6]
/** Place of the unit, count (32 bits), first number in units. Then variable-length integers. */
const HEAD = 1 + 4 + 8
/** The largest change of a difference: it fits into five bytes. */
const MOST = 2 ** 31 - 1

/** The bytes; undefined if they cannot keep every number. */
export function packDecimals(numbers: Float64Array): Buffer | undefined {
  for (const [place, perUnit] of PER_UNIT.entries()) {
    const multiples = multiplesOf(numbers, perUnit)
    if (multiples) return packMultiples(multiples, place)
  }
  return undefined
}

function multiplesOf(numbers: Float64Array, perUnit: number): Float64Array | undefined {
  const multiples = new Float64Array(numbers.length)
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] ?? NaN
    // There is no -0 among multiples.
    const multiple = Math.round(number * perUnit) + 0
    if (!Number.isSafeInteger(multiple) || !Object.is(multiple / perUnit, number)) return undefined
    multiples[index] = multiple
  }
  return multiples
}

function packMultiples(multiples: Float64Array, place: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(HEAD + 5 * multiples.length)
  let previous = multiples[0] ?? NaN
  let difference = 0
  bytes.writeUInt8(place)
  bytes.writeUInt32LE(multiples.length, 1)
  bytes.writeDoubleLE(previous, 5)
  let end = HEAD
  for (let index = 1; index < multiples.length; index++) {
    const multiple = multiples[index] ?? NaN
    const change = multiple - previous - difference
    if (Math.abs(change) > MOST) return undefined
    difference = multiple - previous
    previous = multiple
    // The sign is the lowest bit.
    let left = change < 0 ? -2 * change - 1 : 2 * change
    for (; left > 127; left >>>= 7) bytes[end++] = 128 | (left & 127)
    bytes[end++] = left
  }
  return bytes.subarray(0, end)
}

/** The numbers of `packDecimals`; further bytes are ignored. */
export function unpackDecimals(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const perUnit = PER_UNIT[view.getUint8(0)]
  if (perUnit === undefined) throw new Error(`Stored numbers have the unknown unit ${bytes[0]}.`)
  const numbers = new Float64Array(view.getUint32(1, true))
  let multiple = view.getFloat64(5, true)
  let difference = 0
  let at = HEAD
  if (numbers.length > 0) numbers[0] = multiple / perUnit
  for (let index = 1; index < numbers.length; index++) {
    let left = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      left += scale * (byte & 127)
      if (byte < 128) break
    }
    difference += left % 2 === 1 ? -(left + 1) / 2 : left / 2
    multiple += difference
    numbers[index] = multiple / perUnit
  }
  return numbers
}
