import { parse, stringify } from 'devalue'
import { decodeInput } from './input.ts'
import { namedRecord, ownValue } from './named.ts'

/** From this many rows of one shape on, they are sent as columns, with their names once. */
const FEW = 16

/** The names of the fields, and each field's values in order of the rows. */
type Columns = [names: string[], ...values: unknown[][]]

/** Rows as columns; false if the value is not a list of plain objects with the same fields. */
function columnsOf(value: unknown): Columns | false {
  if (!Array.isArray(value) || value.length < FEW) return false
  const rows: unknown[] = value
  const names = fieldsOf(rows[0])
  if (!names || names.length === 0) return false
  const shape = names.join('\n')
  if (!rows.every((row) => fieldsOf(row)?.join('\n') === shape)) return false
  // Each row was checked above.
  const objects = rows as Record<string, unknown>[]
  return [names, ...names.map((name) => objects.map((row) => ownValue(row, name)))]
}

function fieldsOf(value: unknown): string[] | undefined {
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? Object.keys(value) : undefined
}

function rowsOf([names, ...columns]: Columns): Record<string, unknown>[] {
  const [first = []] = columns
  return first.map((_value, at) => {
    return Object.fromEntries(names.map((name, column) => [name, columns[column]?.[at]]))
  })
}

const { encode, decode } = namedRecord

/** Values for several readers, with their text after the first serialization. */
const texts = new WeakMap<object, string | undefined>()

/** Marks a value for several readers: it is serialized once, so it must not change. */
export function shared<T extends object>(value: T): T {
  if (!texts.has(value)) texts.set(value, undefined)
  return value
}

const write = (value: unknown): string => stringify(value, { rows: columnsOf, named: encode })

function serialize(value: unknown): string {
  if (typeof value !== 'object' || value === null || !texts.has(value)) return write(value)
  const text = texts.get(value) ?? write(value)
  texts.set(value, text)
  return text
}

const deserialize = (text: string): unknown => parse(text, { rows: rowsOf, named: decode })

/** The limits of one request: procedures in a batch, and characters of its address. */
export const BATCH = { maxItems: 32, maxURLLength: 12_000 }

/** A live stream sends a ping this often; a reader that hears nothing for longer connects again. */
export const LIVE = { pingMs: 5_000, silentMs: 12_000 }

/**
 * The transformer between server and clients. It keeps NaN, ±Infinity, Dates and typed arrays,
 * which JSON does not support, and writes the names of rows of one shape once.
 */
export const wire = {
  // The server does not accept columns, because a few bytes of them may stand for many rows.
  input: {
    serialize: (value: unknown): string => stringify(value, { named: encode }),
    deserialize: decodeInput,
  },
  output: { serialize, deserialize },
}

/**
 * Characters of a request's address beside the input: the board's address and the procedure's path.
 */
const BESIDE_INPUT = 1_000

/** Whether a query's input fits into the address of a request; otherwise it is posted. */
export function fitsAddress(input: unknown): boolean {
  const written = encodeURIComponent(JSON.stringify(wire.input.serialize(input)))
  return written.length <= BATCH.maxURLLength - BESIDE_INPUT
}
