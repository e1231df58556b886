import { createHash } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import { systemCode } from '../failure.ts'
import { openFile } from './runFile.ts'
import { type Lines, LONGEST_LINE, nextLines, PIECE, readBytes } from './lines.ts'

/** How far a growing file was read. */
export interface FileOffset {
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
export const BEGINNING: FileOffset = { offset: 0, line: 0, read: '' }

/** What one look at a growing file found. */
export type FileChange<Grown> =
  | { kind: 'same' }
  /** What was read of it is no longer there: it was cut, or another file took its name. */
  | { kind: 'replaced' }
  | ({ kind: 'grown' } & Grown)

/**
 * Reads the next complete lines of a text file from a place on, about 1 MB of them. A last line
 * without its newline waits, unless nothing more is to come. A file that is not there (yet) is the
 * same as ever, so that a network file system that hiccups takes nothing back. `rest` is how what
 * follows the lines begins, which is not counted as read.
 */
export function readNewLines(
  path: string,
  from: FileOffset,
  isOver: boolean,
): FileChange<{ lines: NumberedLine[]; rest: string; end: FileOffset }> {
  const file = openIfThere(path)
  if (file === undefined) return { kind: 'same' }
  try {
    const { size } = fstatSync(file)
    if (isOtherFile(file, size, from)) return { kind: 'replaced' }
    if (size === from.offset) return { kind: 'same' }
    const piece = nextLines(file, from.offset) ?? (isOver ? tail(file, from.offset) : undefined)
    if (!piece) return { kind: 'same' }
    const lines = piece.lines.map(({ text, isLong }, index) => {
      const line = from.line + index + 1
      const bare = line === 1 ? text.replace(/^\uFEFF/, '') : text
      return { text: bare.replace(/\r$/, ''), line, ...(isLong && { isLong }) }
    })
    const rest = readBytes(file, piece.end, REST).toString('utf8')
    const end = offsetAt(file, piece.end, from.line + lines.length)
    return { kind: 'grown', lines, rest, end }
  } finally {
    closeSync(file)
  }
}

/** Reads the next bytes of a binary file from a place on, about 1 MB of them. */
export function readNewBytes(
  path: string,
  from: FileOffset,
): FileChange<{ bytes: Buffer; size: number }> {
  const file = openIfThere(path)
  if (file === undefined) return { kind: 'same' }
  try {
    const { size } = fstatSync(file)
    if (isOtherFile(file, size, from)) return { kind: 'replaced' }
    if (size === from.offset) return { kind: 'same' }
    return { kind: 'grown', bytes: readBytes(file, from.offset, PIECE), size }
  } finally {
    closeSync(file)
  }
}

/** Whether what was read of a file is no longer there; without a digest its length alone tells. */
export function isReplaced(path: string, from: FileOffset): boolean {
  const file = openIfThere(path)
  if (file === undefined) return false
  try {
    const { size } = fstatSync(file)
    return from.read === '' ? size < from.offset : isOtherFile(file, size, from)
  } finally {
    closeSync(file)
  }
}

/** The place after so many bytes and lines of a file that can be read. */
export function offsetIn(path: string, offset: number, line = 0): FileOffset {
  const file = openFile(path)
  try {
    return offsetAt(file, offset, line)
  } finally {
    closeSync(file)
  }
}

/** The place after so many bytes and lines of an open file. */
export function offsetAt(file: number, offset: number, line: number): FileOffset {
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
export function isOtherFile(file: number, size: number, { offset, read }: FileOffset): boolean {
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
