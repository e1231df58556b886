import {
  admit,
  type CheckedEvent,
  parseEvent,
  isEnd,
  type TrainingEvent,
  type Skips,
  skipWarnings,
  tooLong,
} from '@bestmark/core'
import { fstatSync } from 'node:fs'
import { basename } from 'node:path'
import { BEGINNING, isOtherFile, offsetAt, type FileOffset } from '../files/growingFile.ts'
import { nextLines, PIECE, type Lines } from '../files/lines.ts'

/** The lines before an offset: how many, the last attempt, and what was skipped. */
interface Before {
  read: FileOffset
  attempt: number
  skips: Skips
}

/** A small cache for journals with skipped lines; the values can be computed again. */
const cached = new Map<string, Before>()
const KEPT = 64

/** The events of a piece of a journal, and the offset after it. */
interface EventsPiece {
  events: TrainingEvent[]
  offset: number
}

/** How many lines are parsed between two pauses. */
const BETWEEN_PAUSES = 256

/**
 * The events of the next lines of a journal after a byte offset, about 1 MB, with one warning per
 * kind of skipped line. It pauses by yielding, so that other work need not wait for all lines.
 */
export function* eventsFrom(
  file: number,
  path: string,
  offset: number,
): Generator<undefined, EventsPiece> {
  const piece = nextLines(file, offset)
  if (!piece) return { events: [], offset }
  const events: TrainingEvent[] = []
  let isAnyInvalid = cached.has(path)
  for (const [index, line] of piece.lines.entries()) {
    if (index % BETWEEN_PAUSES === BETWEEN_PAUSES - 1) yield
    const { event, invalid } = parsedLine(line)
    if (event) events.push(event)
    if (invalid.length > 0) isAnyInvalid = true
  }
  if (isAnyInvalid) {
    const before = beforeAt(file, path, offset)
    take(before, path, piece)
    if (isAtEnd(file, piece.end)) events.push(...skipWarnings(before.skips, before.attempt))
    before.read = offsetAt(file, piece.end, before.read.line)
    if (cached.size >= KEPT) cached.clear()
    cached.set(path, before)
  }
  return { events, offset: piece.end }
}

/** Whether no complete line follows. Only the end of the file must be read for that. */
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

/** The lines before an offset, from the cache or by reading them all again. */
function beforeAt(file: number, path: string, offset: number): Before {
  const found = cached.get(path)
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
