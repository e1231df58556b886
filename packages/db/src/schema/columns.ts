import { customType, doublePrecision } from 'drizzle-orm/pg-core'
import { packNumbers, packTriples, unpackNumbers } from '../values/packedNumbers.ts'
import { storable, storableJson } from '../values/storable.ts'

/** A point in time: milliseconds since the epoch. */
export const milliseconds = () => doublePrecision()

/** As `milliseconds`, for a library that reads and writes Dates. */
export const moment = customType<{ data: Date; driverData: number }>({
  dataType: () => 'double precision',
  toDriver: (date) => date.getTime(),
  fromDriver: (milliseconds) => new Date(milliseconds),
})

/** A `Measured`: float8 keeps NaN and ±Infinity, null means that nothing was measured. */
export const measured = () => doublePrecision()

/** Text from a run. NUL, which Postgres refuses, is replaced. */
export const storableText = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: storable,
})

/** Plain data in `jsonb`, where NaN and ±Infinity become the strings of `measuredJson`. */
export const plain = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: storableJson,
})

/** As `plain`, for a record whose keys keep their order: `jsonb` sorts those of an object. */
export const plainRecord = <T>() =>
  customType<{ data: Record<string, T>; driverData: unknown }>({
    dataType: () => 'jsonb',
    toDriver: (record) => storableJson(Object.entries(record)),
    // Only toDriver writes this column.
    fromDriver: (entries) => Object.fromEntries(entries as [string, T][]),
  })()

/** Bytes as they are. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/** A column of Float64, little-endian, eight bytes per point. */
export const float64s = customType<{ data: Float64Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (numbers) => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  // A Buffer of the driver may start at any byte; a Float64Array needs a multiple of eight.
  fromDriver: (bytes) => new Float64Array(new Uint8Array(bytes).buffer),
})

/** A column of numbers in the shortest bytes that keep each of them; SQL cannot read them. */
export const packedNumbers = customType<{ data: Float64Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: packNumbers,
  fromDriver: unpackNumbers,
})

/** Points of three numbers one after another, packed. */
export const packedTriples = customType<{ data: Float64Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: packTriples,
  fromDriver: unpackNumbers,
})

/** An array that the driver writes. An array of drizzle would be converted to text twice. */
const arrayOf = <T>(type: string) =>
  customType<{ data: T[]; driverData: T[] }>({ dataType: () => type })

/** Numbers; NaN and ±Infinity stay. */
export const numbers = arrayOf<number>('double precision[]')

/** As `numbers`, with gaps. */
export const numbersOrNull = arrayOf<number | null>('double precision[]')

/** Storable texts. */
export const texts = arrayOf<string>('text[]')
