import { appendFileSync, closeSync, fstatSync, ftruncateSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { measuredJson, type TrainingEvent } from '@bestmark/core'
import { z } from 'zod'
import { openFile, openToAppend } from '../files/runFile.ts'
import { eventsFrom, parsedJson } from './events.ts'
import { readBytes, readLines } from '../files/lines.ts'
import { fileWords } from '../plainWords.ts'

/** The journal's name in a run's folder. */
export const JOURNAL = 'journal.jsonl'
/** A header is looked for in so many bytes; that of an export tells pins and shipments, and may be longer. */
const HEADER_BYTES = 1 << 16
const LONGEST_HEADER = 1 << 28
const BEGINS = '{"journal":'
/** More than the last line of an exported journal has. */
const END_BYTES = 100

/** The first line of a journal: whose it is. */
export const JournalHeader = z.object({
  journal: z.literal(1),
  job_id: z.uuid(),
  name: z.string(),
  project: z.string(),
  /** The built-in recipe that trains it; null where another program does. */
  recipe: z.string().nullable().default(null),
})
export type JournalHeader = z.infer<typeof JournalHeader>

/** An event as a program writes it; what it leaves out gets the schema's default when read. */
export type JournalEvent = z.input<typeof TrainingEvent>

/** A journal open for writing. Each append is one complete line. */
export class Journal implements Disposable {
  readonly path: string
  readonly header: JournalHeader
  readonly #file: number
  #lines: number

  constructor(path: string, file: number, header: JournalHeader, lines: number) {
    this.path = path
    this.header = header
    this.#file = file
    this.#lines = lines
  }

  /**
   * Appends one event whole, or throws and leaves none of it. An evaluation that names no origin
   * comes from its own line here.
   */
  append(event: JournalEvent): void {
    const line = this.#lines + 1
    const origin = { file: JOURNAL, line }
    const said = event.type === 'evaluation' && !event.origin ? { ...event, origin } : event
    const { size } = fstatSync(this.#file)
    try {
      appendFileSync(this.#file, `${measuredJson(said)}\n`)
    } catch (error) {
      // The next line must not be glued to what a full disk took of this one.
      ftruncateSync(this.#file, size)
      throw error
    }
    this.#lines = line
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

/**
 * Opens the journal of a run's folder for appending, and begins it with `header` where there is
 * none (a header that already stands there is kept). What a crash left of a last line is
 * completed when it is a whole event, else cut. There may be one writer at a time.
 */
export function openJournal(folder: string, header: JournalHeader): Journal {
  const path = join(folder, JOURNAL)
  const file = openToAppend(path)
  try {
    mendTail(file)
    if (fstatSync(file).size === 0) {
      appendFileSync(file, `${measuredJson(JournalHeader.parse(header))}\n`)
    }
    const lines = countLines(file)
    return new Journal(path, file, readHeader(file, path) ?? header, lines)
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function mendTail(file: number): void {
  let end = 0
  for (let piece = readLines(file, end); piece; piece = readLines(file, end)) end = piece.end
  const tail = readBytes(file, end, Infinity).toString('utf8')
  if (tail === '') return
  if (parsedJson(tail) === undefined) ftruncateSync(file, end)
  else appendFileSync(file, '\n')
}

function countLines(file: number): number {
  let lines = 0
  let end = 0
  for (let piece = readLines(file, end); piece; piece = readLines(file, end)) {
    lines += piece.lines.length
    end = piece.end
  }
  return lines
}

/** What one call of `readJournal` found; `offset` is where the next call goes on. */
export interface JournalPiece {
  header: JournalHeader | null
  events: TrainingEvent[]
  offset: number
}

/**
 * Reads the next events of a journal, at most about 1 MB of them, from a byte offset that an
 * earlier call returned (0 at first). At the end `events` is empty and `offset` stays. The header
 * is null while the file is missing or empty; a last line without its newline waits; a line that
 * cannot be read becomes a log warning that names it. Throws where the file is no journal, or
 * is shorter than what was read of it.
 */
export function readJournal(path: string, offset = 0): JournalPiece {
  const file = openIfThere(path)
  if (file === undefined) return { header: null, events: [], offset: 0 }
  try {
    if (offset > fstatSync(file).size) {
      throw new Error(`${path} is shorter than what was read of it; import the run again.`)
    }
    const header = readHeader(file, path)
    return header === undefined
      ? { header: null, events: [], offset: 0 }
      : { header, ...eventsFrom(file, path, offset) }
  } finally {
    closeSync(file)
  }
}

/**
 * The header of a journal; undefined while the file is missing or empty. Throws where the file is no
 * journal.
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

/** Whether a file begins as our journals do, of whatever version; false where there is no file. */
export function isJournal(path: string): boolean {
  const first = parsedJson(firstLineIfReadable(path) ?? '')
  return typeof first === 'object' && first !== null && 'journal' in first
}

/** What lies there and cannot be read leaves the run to other files. */
function firstLineIfReadable(path: string): string | undefined {
  try {
    return firstLine(path)
  } catch (error) {
    if (fileWords(error) === undefined) throw error
    return undefined
  }
}

/**
 * The first line of a file, whole where it may be a journal's header; undefined where none is
 * complete. Throws where the file cannot be read.
 */
export function firstLine(path: string): string | undefined {
  const file = openFile(path)
  try {
    return firstLineIn(file)
  } finally {
    closeSync(file)
  }
}

/** The last line of a file, or the end of a long one; undefined where its newline is missing. */
export function lastLine(path: string): string | undefined {
  const file = openFile(path)
  try {
    const { size } = fstatSync(file)
    const text = readBytes(file, Math.max(0, size - END_BYTES), END_BYTES).toString('utf8')
    return text.endsWith('\n') ? text.slice(0, -1).split('\n').at(-1) : undefined
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
    const isHeader = bytes.toString('latin1', 0, BEGINS.length) === BEGINS
    if (!isHeader || size >= LONGEST_HEADER) return bytes.toString('utf8', 0, HEADER_BYTES)
  }
}

/** Bytes of a journal now; 0 where there is none yet. */
export function journalSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The attempt that a journal last spoke of; undefined where it has no event yet. */
export function lastAttempt(path: string): number | undefined {
  let attempt: number | undefined
  let piece = readJournal(path)
  for (let at = -1; piece.offset > at; piece = readJournal(path, at)) {
    attempt = piece.events.at(-1)?.attempt ?? attempt
    at = piece.offset
  }
  return attempt
}

function readHeader(file: number, path: string): JournalHeader | undefined {
  const first = firstLineIn(file)
  if (first === undefined) return undefined
  const header = JournalHeader.safeParse(parsedJson(first))
  if (header.success) return header.data
  throw new Error(
    `${path} does not begin with the header of a journal that this version of Bestmark reads.`,
    { cause: header.error },
  )
}

function openIfThere(path: string): number | undefined {
  try {
    return openFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
