import { closeSync, fstatSync, statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { TrainingEvent, JournalHeader } from '@bestmark/core'
import { eventsFrom } from './events.ts'
import { readHeader, openIfThere } from './header.ts'

/** What one call of `readJournal` found; the next call starts at `offset`. */
export interface JournalPiece {
  header: JournalHeader | null
  events: TrainingEvent[]
  offset: number
}

/**
 * Reads the next events of a journal, about 1 MB, from the byte offset of an earlier call (0 at
 * first). At the end `events` is empty and `offset` stays. The header is null while the file is
 * missing or empty. A last line without its newline waits. An unreadable line becomes a warning.
 * Throws if the file is not a journal, or became shorter than the offset.
 */
export function readJournal(path: string, offset = 0): JournalPiece {
  const reading = pieceOf(path, offset)
  for (;;) {
    const { done, value } = reading.next()
    if (done) return value
  }
}

/** As `readJournal`, but other work of the process goes on meanwhile. */
export async function readJournalBeside(path: string, offset: number): Promise<JournalPiece> {
  const reading = pieceOf(path, offset)
  for (;;) {
    const { done, value } = reading.next()
    if (done) return value
    await turn()
  }
}

function* pieceOf(path: string, offset: number): Generator<undefined, JournalPiece> {
  const file = openIfThere(path)
  if (file === undefined) return { header: null, events: [], offset: 0 }
  try {
    if (offset > fstatSync(file).size) {
      throw new Error(`${path} is shorter than before. Import the run again.`)
    }
    const header = readHeader(file, path)
    return header === undefined
      ? { header: null, events: [], offset: 0 }
      : { header, ...(yield* eventsFrom(file, path, offset)) }
  } finally {
    closeSync(file)
  }
}

/** The size of a journal in bytes; 0 if there is none. */
export function journalSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The attempt of a journal's last event; undefined if it has no event. */
export function lastAttempt(path: string): number | undefined {
  let attempt: number | undefined
  let piece = readJournal(path)
  for (let at = -1; piece.offset > at; piece = readJournal(path, at)) {
    attempt = piece.events.at(-1)?.attempt ?? attempt
    at = piece.offset
  }
  return attempt
}
