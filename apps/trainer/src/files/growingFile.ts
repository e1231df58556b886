import { LONGEST_LINE } from '@bestmark/core'
import { createHash } from 'node:crypto'
import { closeSync, fstatSync } from 'node:fs'
import { systemCode } from '../failure.ts'
import { openFile } from './runFile.ts'
import { type Lines, nextDrawings, nextLines, PIECE, readBytes } from './lines.ts'
import { closeText, openText, sizeOfText, type TextFile } from './textFile.ts'

/** How far a growing file was read. */
export interface FileOffset {
  /** Bytes, and lines before them. */
  offset: number
  line: number
  /** Digest of the first and the last bytes that were read, to recognise the file. */
  read: string
}

/** A line without its line ending, and its number from 1. */
export interface NumberedLine {
  text: string
  line: number
  /** The line is too long for memory: the text is its beginning up to the last carriage return. */
  isLong?: boolean
  /** The text before it, if its newline is missing: the line may be cut short. */
  before?: string
}

/** How many first and last bytes the digest covers; logs of one program may begin alike. */
const DIGESTED = 1024
/** How many bytes after the last complete line are also returned. */
const REST = 4096

/** The offset at the beginning of a file. */
export const BEGINNING: FileOffset = { offset: 0, line: 0, read: '' }

/** How a growing file changed. */
export type FileChange<Grown> =
  | { kind: 'same' }
  /** The bytes that were read are no longer there: the file was shortened or replaced. */
  | { kind: 'replaced' }
  | ({ kind: 'grown' } & Grown)

/**
 * Reads the next complete lines of a text file after an offset, about 1 MB. A last line without its
 * newline waits, unless the run is over. A missing file counts as unchanged, because a network file
 * system may lose it for a moment. `rest` is the text after the lines, which does not count as read.
 * With `hasBars`, the drawings of a progress bar are read while its line has no end.
 */
export function readNewLines(
  path: string,
  from: FileOffset,
  { isOver, hasBars = false }: { isOver: boolean; hasBars?: boolean },
): FileChange<{ lines: NumberedLine[]; rest: string; end: FileOffset }> {
  const file = openIfThere(path, openText)
  if (file === undefined) return { kind: 'same' }
  try {
    const size = sizeOfText(file)
    if (isOtherFile(file, size, from)) return { kind: 'replaced' }
    if (size === from.offset) return { kind: 'same' }
    const drawn = hasBars && !isOver ? nextDrawings(file, from.offset) : undefined
    const piece: (Lines & { isTail?: true }) | undefined =
      drawn ?? nextLines(file, from.offset) ?? (isOver ? tail(file, from.offset) : undefined)
    if (!piece) return { kind: 'same' }
    const lines = piece.lines.map(({ text, isLong }, index) => {
      const line = from.line + index + 1
      const bare = line === 1 ? text.replace(/^\uFEFF/, '') : text
      const before = piece.isTail ? textBefore(file, from.offset) : undefined
      return { text: bare.replace(/\r$/, ''), line, ...(isLong && { isLong }), before }
    })
    const rest = readBytes(file, piece.end, REST).toString('utf8')
    // The line of a bar is not complete yet.
    const end = offsetAt(file, piece.end, from.line + (drawn ? 0 : lines.length))
    return { kind: 'grown', lines, rest, end }
  } finally {
    closeText(file)
  }
}

/** Reads the next bytes of a binary file after an offset, about 1 MB. */
export function readNewBytes(
  path: string,
  from: FileOffset,
): FileChange<{ bytes: Buffer; size: number }> {
  const file = openIfThere(path, openFile)
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

/** Whether the bytes that were read are no longer there; without a digest only the length is compared. */
export function isReplaced(path: string, from: FileOffset): boolean {
  const file = openIfThere(path, openFile)
  if (file === undefined) return false
  try {
    const { size } = fstatSync(file)
    return from.read === '' ? size < from.offset : isOtherFile(file, size, from)
  } finally {
    closeSync(file)
  }
}

/** The offset after this many bytes and lines of a file, with its digest. */
export function offsetIn(path: string, offset: number, line = 0): FileOffset {
  const file = openFile(path)
  try {
    return offsetAt(file, offset, line)
  } finally {
    closeSync(file)
  }
}

/** The offset after this many bytes and lines of an open file, with its digest. */
export function offsetAt(file: TextFile, offset: number, line: number): FileOffset {
  return { offset, line, read: digestOfRead(file, offset) }
}

function tail(file: TextFile, start: number): (Lines & { isTail: true }) | undefined {
  // The end is counted in bytes, because an incomplete character has another length as text.
  const bytes = readBytes(file, start, LONGEST_LINE)
  const end = start + bytes.length
  return bytes.length === 0
    ? undefined
    : { lines: [{ text: bytes.toString('utf8'), start, end }], end, isTail: true }
}

function textBefore(file: TextFile, end: number): string {
  const start = Math.max(0, end - REST)
  return readBytes(file, start, end - start).toString('utf8')
}

/** Whether the bytes that were read of an open file are no longer there. */
export function isOtherFile(file: TextFile, size: number, { offset, read }: FileOffset): boolean {
  return size < offset || (offset > 0 && digestOfRead(file, offset) !== read)
}

function digestOfRead(file: TextFile, offset: number): string {
  const length = Math.min(DIGESTED, offset)
  const hash = createHash('sha256')
  hash.update(readBytes(file, 0, length)).update(readBytes(file, offset - length, length))
  return hash.digest('base64').slice(0, 16)
}

function openIfThere<File>(path: string, open: (path: string) => File): File | undefined {
  try {
    return open(path)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
