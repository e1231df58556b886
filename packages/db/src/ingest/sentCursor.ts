import { JOURNAL_START, type JournalState } from '@bestmark/core'

/** How far the board has a journal: the bytes, and their CRC-32, by which a sender recognises them. */
export interface JournalOffset {
  offset: number
  crc32: number
}

/** The cursor of a journal that is sent, as the database stores it. */
export interface SentCursor extends JournalOffset, JournalState {}

/** Nothing was sent yet. */
const NOTHING_SENT: SentCursor = { offset: 0, crc32: 0, ...JOURNAL_START }

/** The text of a cursor for the database. */
export function writeSentCursor(cursor: SentCursor): string {
  return JSON.stringify(cursor)
}

/** Reads a stored cursor; null was stored for nothing. */
export function readSentCursor(cursor: string | null): SentCursor {
  // Only `writeSentCursor` writes cursors of this source.
  return cursor === null ? NOTHING_SENT : (JSON.parse(cursor) as SentCursor)
}
