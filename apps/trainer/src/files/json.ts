import { parsePythonJson } from '@bestmark/core'

/** Parses an object in JSON as Python writes it; undefined if the text is not an object. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = parsePythonJson(text)
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    return isObject ? (parsed as Record<string, unknown>) : undefined
  } catch {
    // The caller reports what was skipped.
    return undefined
  }
}

/** Whether a value can be a step or a count: a whole number, 0 or more, exact as a double. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
