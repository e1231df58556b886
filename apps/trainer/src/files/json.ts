import { parsePythonJson } from '@bestmark/core'

/** The object that a text is in JSON as Python writes it; undefined where it is no object. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const said = parsePythonJson(text)
    const isObject = typeof said === 'object' && said !== null && !Array.isArray(said)
    return isObject ? (said as Record<string, unknown>) : undefined
  } catch {
    // Whoever asks tells what was left out.
    return undefined
  }
}

/** Whether a value is a step or a number of things: whole, not negative, and exact as a double. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
