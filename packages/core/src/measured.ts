import { shallow } from './nesting.ts'

/** A measured number, including NaN and ±Infinity; null means that nothing was measured. */
export type Measured = number | null

/** Whether a measurement can be compared: neither missing nor NaN nor infinite. */
export function isFiniteMeasure(value: Measured | undefined): value is number {
  return Number.isFinite(value)
}

const NON_FINITE = new Map<unknown, number>([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

/**
 * JSON text in which NaN and ±Infinity are the strings "NaN", "Infinity", "-Infinity".
 * JSON.stringify alone would write null, which means something else here.
 */
export function measuredJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => writable(item), indent)
}

/**
 * A copy of plain data with strings for non-finite numbers. JSON.stringify makes the text of
 * `measuredJson` from it.
 */
export function measuredPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(measuredPlain)
  if (typeof value !== 'object' || value === null) return writable(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, measuredPlain(item)]))
}

function writable(item: unknown): unknown {
  return typeof item === 'number' && !Number.isFinite(item) ? String(item) : item
}

/** Reads one number as `measuredJson` writes it; undefined if it is not one. */
export function readMeasured(value: unknown): Measured | undefined {
  if (value === null || typeof value === 'number') return value
  return NON_FINITE.get(value)
}

// Whole strings are matched, so words inside them do not change. The loop is unrolled, because an
// alternation in a loop overflows the stack on a long string.
const STRING_OR_BARE = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs
const MARK = '\u0000'

/** JSON text with bare NaN, Infinity and -Infinity, as Python's json module writes it. */
export function pythonJson(value: unknown, indent?: number): string {
  const marked = JSON.stringify(
    value,
    (_key, item: unknown) =>
      typeof item === 'number' && !Number.isFinite(item) ? `${MARK}${item}` : item,
    indent,
  )
  return marked.replace(/"\\u0000(NaN|-?Infinity)"/g, '$1')
}

/**
 * Parses JSON that may contain bare NaN, Infinity and -Infinity, as Python's json module writes
 * them. Throws SyntaxError, as JSON.parse does. Values nested deeper than in any log become null.
 */
export function parsePythonJson(whole: string): unknown {
  const text = shallow(whole)
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text)
  const marked = text.replace(STRING_OR_BARE, (token) =>
    token.startsWith('"') ? token : `"\\u0000${token}"`,
  )
  return JSON.parse(marked, (_key, item: unknown) => {
    const isMarked = typeof item === 'string' && item.startsWith(MARK)
    return isMarked ? (NON_FINITE.get(item.slice(1)) ?? item) : item
  })
}
