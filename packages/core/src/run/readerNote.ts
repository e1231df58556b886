import type { EventOf } from './event.ts'
import type { ReaderCode } from './readerCode.ts'

/** How a run was read: a code for programs, and a sentence for people. */
export interface ReaderNote {
  code: ReaderCode
  text: string
}

/** A note for the user about how the run was read. */
export function readerNote(
  attempt: number,
  { code, text }: ReaderNote,
  level: 'info' | 'warning' = 'warning',
): EventOf<'log'> {
  return { type: 'log', attempt, at: null, step: null, level, text, reader: true, code }
}
