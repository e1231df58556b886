import { measuredJson } from '@bestmark/core'

/** The text without what Postgres cannot store: NUL and halves of surrogate pairs become U+FFFD. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}

/** The JSON text of plain data, storable as jsonb; NaN and ±Infinity become strings. */
export function storableJson(value: unknown): string {
  return measuredJson(cleaned(value)) ?? 'null'
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storable(value)
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), cleaned(item)]),
  )
}

/** The most characters in a metric's name, because names are keys of an index. */
const LONGEST_NAME = 300

/** A metric's name that can be stored and looked up. */
export function storableName(name: string): string {
  return storable(name).slice(0, LONGEST_NAME).toWellFormed()
}
