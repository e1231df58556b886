import { z } from 'zod'

/**
 * The value under a name, undefined where the record does not hold it. A name from a run may be
 * `constructor` or `toString`, which every object inherits.
 */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>> | null | undefined,
  name: string,
): Value | undefined {
  // The one place that may look up any name.
  // eslint-disable-next-line bestmark/named-records
  return record && Object.hasOwn(record, name) ? record[name] : undefined
}

/** Sets the value under a name, whatever the name is. */
export function setOwn<Value>(
  record: Record<string, Value>,
  name: string,
  value: NoInfer<Value>,
): void {
  // An assignment to `__proto__` would call a setter and keep nothing.
  Object.defineProperty(record, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/**
 * An object with values of one schema under any names. Unlike z.record it keeps a value that is
 * named `__proto__`.
 */
export function namedValues<Value extends z.ZodType>(value: Value) {
  const record = z.record(z.string(), value)
  return z
    .custom<Record<string, z.input<Value>>>(isRecord, 'expected an object')
    .transform((given, context): Record<string, z.output<Value>> => {
      const read = record.safeParse(given)
      if (read.error) context.issues.push(...read.error.issues.map(told([])))
      const values = read.data ?? {}
      if (!Object.hasOwn(given, PROTO)) return values
      const own = value.safeParse(ownValue(given, PROTO))
      if (own.error) context.issues.push(...own.error.issues.map(told([PROTO])))
      else setOwn(values, PROTO, own.data)
      return values
    })
}

const PROTO = '__proto__'

/** An issue of a part, as one of the whole. */
function told(path: PropertyKey[]) {
  return (issue: z.core.$ZodIssue): z.core.$ZodRawIssue => {
    return { ...issue, code: 'custom', path: [...path, ...issue.path], input: issue.input }
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A record that holds `__proto__`, which devalue refuses, as its entries, and back. What is no such
 * record is false.
 */
export const namedRecord = {
  encode: (value: unknown): [string, unknown][] | false =>
    isRecord(value) && Object.hasOwn(value, PROTO) && Object.entries(value),
  decode: (entries: unknown): Record<string, unknown> => Object.fromEntries(Entries.parse(entries)),
}

const Entries = z.array(z.tuple([z.string(), z.unknown()]))
