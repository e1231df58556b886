import { fstatSync, readSync } from 'node:fs'

/** Bytes read in one go, so that a long file costs no more memory than a short one. */
export const PIECE = 1 << 20
const NEWLINE = 10
/** A program may tell of a long configuration in one line (bytes). */
export const LONGEST_LINE = 16 * PIECE
/** So much of a still longer line is passed by in one go (bytes). */
const PASSED = 64 * PIECE

/** A line without its newline, and the bytes of the file that it takes with it. */
interface Line {
  text: string
  start: number
  end: number
  /** It is longer than is held: the text is what whole parts (before a \\r) its beginning has. */
  isLong?: boolean
}

/** Complete lines that follow each other, and the byte at which the next ones begin. */
export interface Lines {
  lines: Line[]
  end: number
}

/**
 * The complete lines from `start` on, as many as fit into `size` bytes; undefined where no line is
 * complete yet. Of a line longer than that only the beginning is kept.
 */
export function readLines(file: number, start: number, size = PIECE): Lines | undefined {
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
 * The next complete lines of about a piece, or one whole that is longer, up to 16 MB; undefined where
 * none is complete. A still longer one is told of once its beginning is there, and passed by piece by
 * piece, without a line: what does not stand behind a newline is the rest of a line.
 */
export function nextLines(file: number, start: number): Lines | undefined {
  if (start > 0 && readBytes(file, start - 1, 1)[0] !== NEWLINE) return restOfLine(file, start)
  const bytes = readBytes(file, start, PIECE)
  if (bytes.length < PIECE || bytes.includes(NEWLINE)) return readLines(file, start)
  const end = newlineIn(file, start + PIECE, LONGEST_LINE - PIECE)
  if (end !== undefined) return readLines(file, start, end - start)
  if (readBytes(file, start + LONGEST_LINE - 1, 1).length === 0) return undefined
  const text = bytes.toString('utf8', 0, Math.max(0, bytes.lastIndexOf('\r')))
  const cut = start + LONGEST_LINE
  return { lines: [{ text, start, end: cut, isLong: true }], end: cut }
}

function restOfLine(file: number, start: number): Lines | undefined {
  const end = newlineIn(file, start, PASSED) ?? Math.min(fstatSync(file).size, start + PASSED)
  return end > start ? { lines: [], end } : undefined
}

/** What is only looked through, since memory that is taken anew for each piece costs more than to read it. */
const passed = Buffer.alloc(PIECE)

/** The byte behind the next newline among so many bytes; undefined where there is none. */
function newlineIn(file: number, start: number, length: number): number | undefined {
  for (let at = start; at < start + length; at += PIECE) {
    const read = readSync(file, passed, 0, Math.min(PIECE, start + length - at), at)
    const found = passed.subarray(0, read).indexOf(NEWLINE)
    if (found !== -1) return at + found + 1
    if (read < PIECE) return undefined
  }
  return undefined
}

function skipLongLine(file: number, start: number, beginning: Buffer): Lines | undefined {
  for (let position = start + beginning.length; ; position += PIECE) {
    const bytes = readBytes(file, position, PIECE)
    const end = position + bytes.indexOf(NEWLINE) + 1
    if (end > position) return { lines: [{ text: beginning.toString('utf8'), start, end }], end }
    if (bytes.length < PIECE) return undefined
  }
}

/** Up to `size` bytes from `start` on, fewer at the end of the file. */
export function readBytes(file: number, start: number, size: number): Buffer {
  const wanted = Math.min(size, Math.max(0, fstatSync(file).size - start))
  const bytes = Buffer.allocUnsafe(wanted)
  return bytes.subarray(0, wanted && readSync(file, bytes, 0, wanted, start))
}
