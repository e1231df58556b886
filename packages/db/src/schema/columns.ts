import { customType, doublePrecision } from 'drizzle-orm/pg-core'
import { storable, storableJson } from '../values/storable.ts'

/** A point in time: milliseconds since the epoch. */
export const milliseconds = () => doublePrecision()

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

/** Bytes as they are. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/** A column of Float64, little-endian, eight bytes per point. */
export const float64s = customType<{ data: Float64Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (numbers) => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  // A Buffer of the driver may start at any byte; a Float64Array needs a multiple of eight.
  fromDriver: (bytes) => new Float64Array(new Uint8Array(bytes).buffer),
})

/** An array that the driver writes. An array of drizzle would be converted to text twice. */
const arrayOf = <T>(type: string) =>
  customType<{ data: T[]; driverData: T[] }>({ dataType: () => type })

/** Numbers; NaN and ±Infinity stay. */
export const numbers = arrayOf<number>('double precision[]')

/** Storable texts. */
export const texts = arrayOf<string>('text[]')
