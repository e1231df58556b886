import { appendFileSync, closeSync, fstatSync, ftruncateSync } from 'node:fs'
import { join } from 'node:path'
import { measuredJson, type TrainingEvent, parseJson, JournalHeader, JOURNAL } from '@bestmark/core'
import type { z } from 'zod'
import { openToAppend } from '../files/runFile.ts'
import { readBytes, readLines } from '../files/lines.ts'
import { readHeader } from './header.ts'

/** An event as a program writes it; missing fields get the schema's defaults when it is read. */
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
   * Appends one complete event, or throws and leaves no part of it. An evaluation without an origin
   * gets its own line as origin.
   */
  append(event: JournalEvent): void {
    const line = this.#lines + 1
    const origin = { file: JOURNAL, line }
    const written = event.type === 'evaluation' && !event.origin ? { ...event, origin } : event
    const { size } = fstatSync(this.#file)
    try {
      appendFileSync(this.#file, `${measuredJson(written)}\n`)
    } catch (error) {
      // A full disk may have written a part of this line; the next line must not follow it directly.
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
 * Opens the journal of a run's folder for appending. A new journal begins with `header`; an existing
 * header stays. After a crash, a last line without a newline is completed if it is a whole event,
 * else removed. Only one writer may have it open.
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
  if (parseJson(tail) === undefined) ftruncateSync(file, end)
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
