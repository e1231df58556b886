import type { InvalidField } from '../run/checkEvent.ts'
import type { TrainingEvent } from '../run/event.ts'
import { admit, type Skips, skipWarnings, tooLong } from './gate.ts'
import { JournalHeader } from './header.ts'
import { isEnd, LONGEST_LINE, parseEvent, parseJson } from './line.ts'

/** The journal's name in a run's folder. */
export const JOURNAL = 'journal.jsonl'

const NEWLINE = 10

/** What must be known of a journal's lines before a byte offset, to read the lines after it. */
export interface JournalState {
  /** How many lines were read. */
  line: number
  /** The attempt of the last event. */
  attempt: number
  skips: Skips
  /** The bytes before the offset are the beginning of a line that is too long. */
  is_cut: boolean
}

/** The state at the beginning of a journal. */
export const JOURNAL_START: JournalState = { line: 0, attempt: 0, skips: {}, is_cut: false }

/** The events of a piece, how many of its bytes were read, and the state after them. */
export interface JournalPieceRead {
  events: TrainingEvent[]
  bytes: number
  state: JournalState
}

/**
 * Reads the whole lines of a piece of a journal, whose bytes follow `state`. A last line without its
 * newline is not read, unless it is too long to be ever read. Invalid lines are skipped, with one
 * warning per kind, as `readJournal` does with a file.
 */
export function readPiece(state: JournalState, piece: Uint8Array): JournalPieceRead {
  const next: JournalState = { ...state, skips: structuredClone(state.skips) }
  const events: TrainingEvent[] = []
  const decoder = new TextDecoder()
  let from = 0
  const take = (text: string, isLong: boolean): void => {
    next.line++
    const { event, invalid } = readLine(text, { isLong, line: next.line })
    if (event) next.attempt = event.attempt
    if (event) events.push(event)
    admit(next.skips, invalid, { file: JOURNAL, line: next.line })
  }
  for (let to = piece.indexOf(NEWLINE); to !== -1; to = piece.indexOf(NEWLINE, from)) {
    // The rest of a line whose beginning was skipped belongs to no line.
    if (next.is_cut) next.is_cut = false
    else take(decoder.decode(piece.subarray(from, to)), to - from >= LONGEST_LINE)
    from = to + 1
  }
  if (next.is_cut) from = piece.length
  else if (piece.length - from >= LONGEST_LINE) {
    take('', true)
    next.is_cut = true
    from = piece.length
  }
  events.push(...skipWarnings(next.skips, next.attempt))
  return { events, bytes: from, state: next }
}

function readLine(
  text: string,
  { isLong, line }: { isLong: boolean; line: number },
): { event: TrainingEvent | undefined; invalid: InvalidField[] } {
  if (isLong) return { event: undefined, invalid: [tooLong()] }
  const isNone = line === 1 || text.trim() === '' || isEnd(text)
  return isNone ? { event: undefined, invalid: [] } : parseEvent(text)
}

/** The header in the first piece of a journal; undefined if its first line is none, or not whole. */
export function headerIn(piece: Uint8Array): JournalHeader | undefined {
  const end = piece.indexOf(NEWLINE)
  if (end === -1) return undefined
  return JournalHeader.safeParse(parseJson(new TextDecoder().decode(piece.subarray(0, end)))).data
}
