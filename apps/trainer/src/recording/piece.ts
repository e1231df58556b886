import type { Piece, SourceReader } from '../sources/reader/source.ts'

/** How many events are joined at most. Fewer would write the last chunk of a series more often. */
const MOST = 6_000

type WholePiece = Piece & { isWhole: boolean }

/** Whether a piece is as long as those of a long file, so that there is probably more. */
export function isLong({ events }: Piece): boolean {
  return events.length >= MOST
}

/**
 * The next pieces of a reader as one, so that a log line and the checkpoint of its step are stored
 * together. `isWhole` is false if reading failed after the first piece; the next reader meets the
 * same error.
 */
export async function nextPiece(reader: SourceReader, cursor: string): Promise<WholePiece> {
  let piece = await reader.next()
  for (let before = cursor; piece.cursor !== before && !isLong(piece);) {
    before = piece.cursor
    const next = await reader.next().catch(() => undefined)
    if (!next) return { ...piece, isWhole: false }
    const events = [...piece.events, ...next.events]
    piece = next.replace ? next : { ...next, events, replace: piece.replace }
  }
  return { ...piece, isWhole: true }
}

/** Reads the next piece of a long file while the piece before it is recorded. */
export class PieceAhead {
  #begun: { reader: SourceReader; cursor: string; piece: Promise<WholePiece> } | undefined

  /** Begins to read the piece after a cursor. If that fails, `take` throws the error. */
  begin(reader: SourceReader, cursor: string): void {
    const piece = nextPiece(reader, cursor)
    piece.catch(() => undefined)
    this.#begun = { reader, cursor, piece }
  }

  /** Reads the first piece, and keeps it for `take`. */
  async first(reader: SourceReader): Promise<Piece> {
    const piece = await nextPiece(reader, '')
    this.#begun = { reader, cursor: '', piece: Promise.resolve(piece) }
    return piece
  }

  /** The piece after a cursor. Nothing new was found too early, so then it reads again. */
  async take(reader: SourceReader, cursor: string): Promise<WholePiece> {
    const begun = this.#begun
    this.#begun = undefined
    const isSame = begun?.reader === reader && begun.cursor === cursor
    const piece = isSame ? await begun.piece : undefined
    return piece && piece.cursor !== cursor ? piece : nextPiece(reader, cursor)
  }
}
