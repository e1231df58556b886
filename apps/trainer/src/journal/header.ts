import { JournalHeader, parseJson } from '@bestmark/core'
import { closeSync } from 'node:fs'
import { openFile } from '../files/runFile.ts'
import { readBytes } from '../files/lines.ts'
import { fileErrorText } from '../plainErrors.ts'

/** How many bytes are read first for a header; the header of an export may be longer. */
const HEADER_BYTES = 1 << 16

const LONGEST_HEADER = 1 << 28

const START = '{"journal":'

/**
 * Reads the header of a journal; undefined while the file is missing or empty. Throws if the file is
 * not a journal.
 */
export function journalHeader(path: string): JournalHeader | undefined {
  const file = openIfThere(path)
  if (file === undefined) return undefined
  try {
    return readHeader(file, path)
  } finally {
    closeSync(file)
  }
}

/** Whether a file begins like a journal of any version; false if there is no file. */
export function isJournal(path: string): boolean {
  const first = parseJson(firstLineIfReadable(path) ?? '')
  return typeof first === 'object' && first !== null && 'journal' in first
}

/** The first line; undefined if the file cannot be read, so that other files of the run are used. */
function firstLineIfReadable(path: string): string | undefined {
  try {
    return firstLine(path)
  } catch (error) {
    if (fileErrorText(error) === undefined) throw error
    return undefined
  }
}

/**
 * The first line of a file; undefined if it is not complete. A long line is cut unless it may be a
 * header. Throws if the file cannot be read.
 */
export function firstLine(path: string): string | undefined {
  const file = openFile(path)
  try {
    return firstLineIn(file)
  } finally {
    closeSync(file)
  }
}

function firstLineIn(file: number): string | undefined {
  for (let size = HEADER_BYTES; ; size *= 16) {
    const bytes = readBytes(file, 0, size)
    const end = bytes.indexOf('\n')
    if (end !== -1) return bytes.toString('utf8', 0, end)
    if (bytes.length < size) return undefined
    const isHeader = bytes.toString('latin1', 0, START.length) === START
    if (!isHeader || size >= LONGEST_HEADER) return bytes.toString('utf8', 0, HEADER_BYTES)
  }
}

export function readHeader(file: number, path: string): JournalHeader | undefined {
  const first = firstLineIn(file)
  if (first === undefined) return undefined
  const header = JournalHeader.safeParse(parseJson(first))
  if (header.success) return header.data
  throw new Error(
    `${path} does not begin with a journal header that this version of Bestmark can read.`,
    { cause: header.error },
  )
}

export function openIfThere(path: string): number | undefined {
  try {
    return openFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
