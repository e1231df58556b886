/**
 * The value under a name; undefined if the record does not have it. A name from a run may be
 * `constructor` or `toString`, which every object inherits.
 */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>> | null | undefined,
  name: string,
): Value | undefined {
  // The only line that may look up any name.
  // eslint-disable-next-line bestmark/named-records
  return record && Object.hasOwn(record, name) ? record[name] : undefined
}

/**
 * The number or null under a name; undefined if there is none. The same as `ownValue`, at half the
 * time: no object inherits a number or null, so these are always its own.
 */
export function ownMeasure(
  record: Readonly<Record<string, number | null>>,
  name: string,
): number | null | undefined {
  // eslint-disable-next-line bestmark/named-records
  const value: unknown = record[name]
  return typeof value === 'number' || value === null ? value : undefined
}

/** Sets the value under a name, for any name. */
export function setOwn<Value>(
  record: Record<string, Value>,
  name: string,
  value: NoInfer<Value>,
): void {
  // An assignment to `__proto__` would call a setter and store nothing. Others are much faster so.
  if (name === PROTO) Object.defineProperty(record, name, { value, ...PLAIN })
  // eslint-disable-next-line bestmark/named-records
  else record[name] = value
}

const PLAIN = { enumerable: true, configurable: true, writable: true }

/** The name with a setter in every object. */
export const PROTO = '__proto__'

export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Converts a record with the name `__proto__`, which devalue refuses, to its entries and back. Any
 * other value gives false.
 */
export const namedRecord = {
  encode: (value: unknown): [string, unknown][] | false =>
    isRecord(value) && Object.hasOwn(value, PROTO) && Object.entries(value),
  decode: (entries: unknown): Record<string, unknown> => Object.fromEntries(entriesIn(entries)),
}

/** Written by hand, because pages decode without zod. */
function entriesIn(entries: unknown): [string, unknown][] {
  if (!Array.isArray(entries) || !entries.every(isEntry)) {
    throw new TypeError('A record must be a list of [name, value] pairs.')
  }
  return entries
}

function isEntry(entry: unknown): entry is [string, unknown] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string'
}
