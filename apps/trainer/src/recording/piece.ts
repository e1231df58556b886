import type { Piece, SourceReader } from '../sources/reader/source.ts'

/** How many events are joined at most. */
const MOST = 2_000

/**
 * The next pieces of a reader as one, so that a log line and the checkpoint of its step are stored
 * together. `isWhole` is false if reading failed after the first piece; the next reader meets the
 * same error.
 */
export async function nextPiece(
  reader: SourceReader,
  cursor: string,
): Promise<Piece & { isWhole: boolean }> {
  let piece = await reader.next()
  for (let before = cursor; piece.cursor !== before && piece.events.length < MOST;) {
    before = piece.cursor
    const next = await reader.next().catch(() => undefined)
    if (!next) return { ...piece, isWhole: false }
    const events = [...piece.events, ...next.events]
    piece = next.replace ? next : { ...next, events, replace: piece.replace }
  }
  return { ...piece, isWhole: true }
}
