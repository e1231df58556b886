import { LONGEST_LINE } from '@bestmark/core'
import { readInto, sizeOfText, type TextFile } from './textFile.ts'

/** Bytes per read, so that a long file needs no more memory than a short one. */
export const PIECE = 1 << 20
const NEWLINE = 10
const RETURN = 13
/** How many bytes of a longer line are skipped at once. */
const SKIPPED = 64 * PIECE

/** A line without its newline, and its range of bytes in the file. */
interface Line {
  text: string
  start: number
  end: number
  /** The line is too long for memory: the text is its beginning up to the last \\r. */
  isLong?: boolean
}

/** Consecutive complete lines, and the offset of the next line. */
export interface Lines {
  lines: Line[]
  end: number
}

/**
 * Reads the complete lines within `size` bytes from `start`; undefined if no line is complete yet.
 * Only the beginning of a longer line is kept.
 */
export function readLines(file: TextFile, start: number, size = PIECE): Lines | undefined {
  const bytes = readBytes(file, start, size)
  const lines: Line[] = []
  let from = 0
  for (let to = bytes.indexOf(NEWLINE); to !== -1; to = bytes.indexOf(NEWLINE, from)) {
    lines.push({ text: bytes.toString('utf8', from, to), start: start + from, end: start + to + 1 })
    from = to + 1
  }
  if (lines.length > 0) return { lines, end: start + from }
  return bytes.length < size ? undefined : skipLongLine(file, start, bytes)
}

/**
 * Reads the next complete lines, about 1 MB, or one longer line of up to 16 MB; undefined if none is
 * complete. A still longer line is returned once with `isLong`. Later calls skip the rest of it and
 * return no lines: bytes that do not follow a newline are the rest of a line, except after the
 * drawings of a bar.
 */
export function nextLines(file: TextFile, start: number): Lines | undefined {
  const before = start > 0 ? readBytes(file, start - 1, 1)[0] : NEWLINE
  if (before !== NEWLINE && before !== RETURN) return restOfLine(file, start)
  const bytes = readBytes(file, start, PIECE)
  if (bytes.length < PIECE || bytes.includes(NEWLINE)) return readLines(file, start)
  const end = newlineIn(file, start + PIECE, LONGEST_LINE - PIECE)
  if (end !== undefined) return readLines(file, start, end - start)
  if (readBytes(file, start + LONGEST_LINE - 1, 1).length === 0) return undefined
  const text = bytes.toString('utf8', 0, Math.max(0, bytes.lastIndexOf('\r')))
  const cut = start + LONGEST_LINE
  return { lines: [{ text, start, end: cut, isLong: true }], end: cut }
}

/**
 * Reads the next drawings of a progress bar on a line without its newline; undefined if there are none.
 * The last two parts wait: they may be a cleared bar and the beginning of a row that is printed over it.
 */
export function nextDrawings(file: TextFile, start: number): Lines | undefined {
  const bytes = readBytes(file, start, PIECE)
  if (bytes.includes(NEWLINE)) return undefined
  const last = bytes.lastIndexOf(RETURN)
  const before = last > 0 ? bytes.lastIndexOf(RETURN, last - 1) : -1
  const end = start + before + 1
  if (before <= 0) return undefined
  return { lines: [{ text: bytes.toString('utf8', 0, before), start, end }], end }
}

function restOfLine(file: TextFile, start: number): Lines | undefined {
  const end = newlineIn(file, start, SKIPPED) ?? Math.min(sizeOfText(file), start + SKIPPED)
  return end > start ? { lines: [], end } : undefined
}

/** One buffer for all skipped bytes, because a new buffer per read is slower than the read. */
const skipped = Buffer.alloc(PIECE)

/** The offset after the next newline within `length` bytes; undefined if there is none. */
function newlineIn(file: TextFile, start: number, length: number): number | undefined {
  for (let at = start; at < start + length; at += PIECE) {
    const read = readInto(file, skipped, Math.min(PIECE, start + length - at), at)
    const found = skipped.subarray(0, read).indexOf(NEWLINE)
    if (found !== -1) return at + found + 1
    if (read < PIECE) return undefined
  }
  return undefined
}

function skipLongLine(file: TextFile, start: number, beginning: Buffer): Lines | undefined {
  for (let position = start + beginning.length; ; position += PIECE) {
    const bytes = readBytes(file, position, PIECE)
    const end = position + bytes.indexOf(NEWLINE) + 1
    if (end > position) return { lines: [{ text: beginning.toString('utf8'), start, end }], end }
    if (bytes.length < PIECE) return undefined
  }
}

/** Reads up to `size` bytes from `start`; fewer at the end of the file. */
export function readBytes(file: TextFile, start: number, size: number): Buffer {
  const wanted = Math.min(size, Math.max(0, sizeOfText(file) - start))
  const bytes = Buffer.allocUnsafe(wanted)
  return bytes.subarray(0, wanted && readInto(file, bytes, wanted, start))
}
