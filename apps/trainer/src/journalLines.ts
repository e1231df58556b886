import { fstatSync, readSync } from 'node:fs'

/** Bytes read in one go, so that a long file costs no more memory than a short one. */
export const PIECE = 1 << 20
const NEWLINE = 10
/** A program may tell of a long configuration in one line (bytes). */
const LONGEST_LINE = 16 * PIECE

/** A line without its newline, and the bytes of the file that it takes with it. */
interface Line {
  text: string
  start: number
  end: number
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
 * The next complete lines of about a piece, or one whole that is longer, up to 16 MB; of a still
 * longer one only the beginning is kept.
 */
export function nextLines(file: number, start: number): Lines | undefined {
  const found = readLines(file, start)
  const [first] = found?.lines ?? []
  const length = first ? first.end - first.start : 0
  return length > PIECE && length <= LONGEST_LINE ? readLines(file, start, length) : found
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
