import { closeSync, fstatSync, statSync } from 'node:fs'
import { type TrainingEvent } from '@bestmark/core'
import { eventsFrom } from './events.ts'
import type { JournalHeader } from './header.ts'
import { readHeader, openIfThere } from './header.ts'

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
      throw new Error(`${path} is shorter than before. Import the run again.`)
    }
    const header = readHeader(file, path)
    return header === undefined
      ? { header: null, events: [], offset: 0 }
      : { header, ...eventsFrom(file, path, offset) }
  } finally {
    closeSync(file)
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
