import { closeSync, fstatSync } from 'node:fs'
import { PIECE, readBytes } from '../../files/lines.ts'
import { openFile, statIfSeen } from '../../files/runFile.ts'
import { fileErrorText } from '../../plainErrors.ts'

/** New lines, and the offset after them. */
interface NewLines {
  lines: string[]
  offset: number
}

/**
 * The complete lines after an offset, at most about 1 MB; none if the file cannot be read. A file that
 * became shorter is read from its start.
 */
export function readNewLines(path: string, from: number): NewLines {
  const size = statIfSeen(path)?.size ?? 0
  if (size === from || size === 0) return { lines: [], offset: size }
  const file = openIfFile(path)
  if (file === undefined) return { lines: [], offset: from }
  try {
    const offset = fstatSync(file).size < from ? 0 : from
    const bytes = readBytes(file, offset, PIECE)
    const end = bytes.lastIndexOf(10) + 1
    // A line that is longer than a piece is skipped.
    if (end === 0 && bytes.length === PIECE) return { lines: [], offset: offset + PIECE }
    return { lines: end === 0 ? [] : linesIn(bytes.subarray(0, end)), offset: offset + end }
  } finally {
    closeSync(file)
  }
}

/** Opens a file; undefined if that is not possible. The log's reader reports such errors. */
function openIfFile(path: string): number | undefined {
  try {
    return openFile(path)
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return undefined
  }
}

function linesIn(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1)
}
