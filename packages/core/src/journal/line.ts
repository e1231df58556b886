import { parsePythonJson } from '../measured.ts'
import { type CheckedEvent, checkEvent } from '../run/checkEvent.ts'

/** The longest line of a run's file that is read whole, because a configuration may be one long line (bytes). */
export const LONGEST_LINE = 16 << 20

/** How many characters of an unreadable line are shown. */
const SHOWN = 80

/** The only key of the last line of an exported journal; its value counts the lines before it. */
export const END = 'end_of_export'

/** Whether a line is the last line of an exported journal. */
export function isEnd(text: string): boolean {
  return /^\{"end_of_export":\d+\}$/.test(text)
}

/** Parses a line of a journal: its event, and what does not fit the schema. */
export function parseEvent(text: string): CheckedEvent {
  const parsed = parseJson(text)
  if (parsed !== undefined) return checkEvent(parsed)
  const why = `it is not JSON (${text.slice(0, SHOWN)})`
  return { event: undefined, invalid: [{ field: 'json', why, skipsEvent: true }] }
}

/** Parses JSON as Python writes it; undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    return undefined
  }
}
