import { z } from 'zod'
import { isRecord, ownValue, PROTO, setOwn } from './named.ts'

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
      if (read.error) context.issues.push(...read.error.issues.map(below([])))
      const values = read.data ?? {}
      if (!Object.hasOwn(given, PROTO)) return values
      const parsed = value.safeParse(ownValue(given, PROTO))
      if (parsed.error) context.issues.push(...parsed.error.issues.map(below([PROTO])))
      else setOwn(values, PROTO, parsed.data)
      return values
    })
}

/** An issue of a part, as an issue of the whole. */
function below(path: PropertyKey[]) {
  return (issue: z.core.$ZodIssue): z.core.$ZodRawIssue => {
    return { ...issue, code: 'custom', path: [...path, ...issue.path], input: issue.input }
  }
}
