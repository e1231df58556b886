import { checkEvent, parsePythonJson, type CheckedEvent, type TrainingEvent } from '@bestmark/core'
import { fstatSync } from 'node:fs'
import { basename } from 'node:path'
import { BEGINNING, isOtherFile, offsetAt, type FileOffset } from '../files/growingFile.ts'
import { admit, type Skips, skipWarnings, tooLong } from './gate.ts'
import { nextLines, PIECE, type Lines } from '../files/lines.ts'

/** The only key of the last line of an exported journal; how many lines stand before it. */
export const END = 'end_of_export'

/** Whether a line says that all of an exported journal stands before it. */
export function isEnd(text: string): boolean {
  return /^\{"end_of_export":\d+\}$/.test(text)
}

/** So much of a line that cannot be read is shown (characters). */
const SHOWN = 80

/** The event that a line of a journal is, as far as it is one. */
export function parseEvent(text: string): CheckedEvent {
  const said = parseJson(text)
  if (said !== undefined) return checkEvent(said)
  const why = `it is not JSON (${text.slice(0, SHOWN)})`
  return { event: undefined, invalid: [{ field: 'json', why, skipsEvent: true }] }
}

/** What a text is in JSON as Python writes it; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    return undefined
  }
}

/** What is known of the lines before a read: their number and last attempt, and what was skipped. */
interface Before {
  read: FileOffset
  attempt: number
  skips: Skips
}

/** Of journals in which something was skipped; a few, since it is a hint that can be found again. */
const known = new Map<string, Before>()
const KEPT = 64

/**
 * The events of the next lines of a journal from a byte offset on, about 1 MB of them, with a
 * warning of lines that were skipped, once a kind.
 */
export function eventsFrom(
  file: number,
  path: string,
  offset: number,
): { events: TrainingEvent[]; offset: number } {
  const piece = nextLines(file, offset)
  if (!piece) return { events: [], offset }
  const read = piece.lines.map((line) => ({ line, ...parsedLine(line) }))
  const events = read.flatMap(({ event }) => (event ? [event] : []))
  if (known.has(path) || read.some(({ invalid }) => invalid.length > 0)) {
    const before = beforeAt(file, path, offset)
    take(before, path, piece)
    if (isAtEnd(file, piece.end)) events.push(...skipWarnings(before.skips, before.attempt))
    before.read = offsetAt(file, piece.end, before.read.line)
    if (known.size >= KEPT) known.clear()
    known.set(path, before)
  }
  return { events, offset: piece.end }
}

/** Whether no complete line follows, which need not be looked for far from the end. */
function isAtEnd(file: number, offset: number): boolean {
  return fstatSync(file).size - offset < PIECE && !nextLines(file, offset)
}

function parsedLine({ text, start, isLong }: Lines['lines'][number]): CheckedEvent {
  if (isLong) return { event: undefined, invalid: [tooLong()] }
  const isNone = start === 0 || text.trim() === '' || isEnd(text)
  return isNone ? { event: undefined, invalid: [] } : parseEvent(text)
}

function take(before: Before, path: string, { lines }: Lines): void {
  for (const one of lines) {
    before.read = { ...before.read, line: before.read.line + 1 }
    const { event, invalid } = parsedLine(one)
    if (event) before.attempt = event.attempt
    admit(before.skips, invalid, { file: basename(path), line: before.read.line })
  }
}

/** What is known before an offset, which does not tell it itself; all lines before it are read again. */
function beforeAt(file: number, path: string, offset: number): Before {
  const found = known.get(path)
  if (found?.read.offset === offset && !isOtherFile(file, Infinity, found.read)) return found
  const before: Before = { read: BEGINNING, attempt: 0, skips: {} }
  for (let at = 0; at < offset;) {
    const piece = nextLines(file, at)
    if (!piece) break
    const lines = piece.lines.filter(({ end }) => end <= offset)
    take(before, path, { ...piece, lines })
    at = piece.end
  }
  return before
}
