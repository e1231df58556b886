import { createHash } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import { systemCode } from '../failure.ts'
import { openFile } from './runFile.ts'
import { type Lines, LONGEST_LINE, nextLines, PIECE, readBytes } from './lines.ts'

/** How far a growing file was read. */
export interface Place {
  /** Bytes, and lines before them. */
  offset: number
  line: number
  /** Digest of the first and the last bytes that were read, by which the file is known again. */
  read: string
}

/** A line, without what ends it, and its number from 1. */
export interface NumberedLine {
  text: string
  line: number
  /** It was too long to be held: the text is what whole parts its beginning has. */
  isLong?: boolean
}

/** So many of each (bytes); logs of one program may begin alike. */
const KNOWN_BY = 1024
/** So much of what follows the lines is looked at, too (bytes). */
const REST = 4096

/** The place at the beginning of a file. */
export const BEGINNING: Place = { offset: 0, line: 0, read: '' }

/** What one look at a growing file found. */
export type Look<Grown> =
  | { formatVersion: 'same' }
  /** What was read of it is no longer there: it was cut, or another file took its name. */
  | { formatVersion: 'replaced' }
  | ({ formatVersion: 'grown' } & Grown)

/**
 * Reads the next complete lines of a text file from a place on, about 1 MB of them. A last line
 * without its newline waits, unless nothing more is to come. A file that is not there (yet) is the
 * same as ever, so that a network file system that hiccups takes nothing back. `rest` is how what
 * follows the lines begins, which is not counted as read.
 */
export function lookAtLines(
  path: string,
  place: Place,
  isOver: boolean,
): Look<{ lines: NumberedLine[]; rest: string; place: Place }> {
  const file = openIfThere(path)
  if (file === undefined) return { formatVersion: 'same' }
  try {
    const { size } = fstatSync(file)
    if (isOther(file, size, place)) return { formatVersion: 'replaced' }
    if (size === place.offset) return { formatVersion: 'same' }
    const piece = nextLines(file, place.offset) ?? (isOver ? tail(file, place.offset) : undefined)
    if (!piece) return { formatVersion: 'same' }
    const lines = piece.lines.map(({ text, isLong }, index) => {
      const line = place.line + index + 1
      const bare = line === 1 ? text.replace(/^\uFEFF/, '') : text
      return { text: bare.replace(/\r$/, ''), line, ...(isLong && { isLong }) }
    })
    const rest = readBytes(file, piece.end, REST).toString('utf8')
    const after = placeAt(file, piece.end, place.line + lines.length)
    return { formatVersion: 'grown', lines, rest, place: after }
  } finally {
    closeSync(file)
  }
}

/** Reads the next bytes of a binary file from a place on, about 1 MB of them. */
export function lookAtBytes(path: string, place: Place): Look<{ bytes: Buffer; size: number }> {
  const file = openIfThere(path)
  if (file === undefined) return { formatVersion: 'same' }
  try {
    const { size } = fstatSync(file)
    if (isOther(file, size, place)) return { formatVersion: 'replaced' }
    if (size === place.offset) return { formatVersion: 'same' }
    return { formatVersion: 'grown', bytes: readBytes(file, place.offset, PIECE), size }
  } finally {
    closeSync(file)
  }
}

/** Whether what was read of a file is no longer there; without a digest its length alone tells. */
export function isReplaced(path: string, place: Place): boolean {
  const file = openIfThere(path)
  if (file === undefined) return false
  try {
    const { size } = fstatSync(file)
    return place.read === '' ? size < place.offset : isOther(file, size, place)
  } finally {
    closeSync(file)
  }
}

/** The place after so many bytes and lines of a file that can be read. */
export function placeIn(path: string, offset: number, line = 0): Place {
  const file = openFile(path)
  try {
    return placeAt(file, offset, line)
  } finally {
    closeSync(file)
  }
}

/** The place after so many bytes and lines of an open file. */
export function placeAt(file: number, offset: number, line: number): Place {
  return { offset, line, read: digestOfRead(file, offset) }
}

function tail(file: number, start: number): Lines | undefined {
  // Its length is that of its bytes: a character that was cut has other ones as text.
  const bytes = readBytes(file, start, LONGEST_LINE)
  const end = start + bytes.length
  return bytes.length === 0
    ? undefined
    : { lines: [{ text: bytes.toString('utf8'), start, end }], end }
}

/** Whether what was read of a file is no longer there. */
export function isOther(file: number, size: number, { offset, read }: Place): boolean {
  return size < offset || (offset > 0 && digestOfRead(file, offset) !== read)
}

function digestOfRead(file: number, offset: number): string {
  const length = Math.min(KNOWN_BY, offset)
  const hash = createHash('sha256')
  hash.update(readBytes(file, 0, length)).update(readBytes(file, offset - length, length))
  return hash.digest('base64').slice(0, 16)
}

function openIfThere(path: string): number | undefined {
  try {
    return openFile(path)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
