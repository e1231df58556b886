import type { TrainingEvent } from '@bestmark/core'

/**
 * How far a run's files were read. If the files started again and continue the stored history,
 * `shift` is the number of stored attempts before those in the files.
 */
export interface ShiftedCursor {
  shift: number
  /** The cursor of the reader; null at the beginning. */
  cursor: string | null
}

/** Reads a stored cursor. */
export function readCursor(stored: string | null): ShiftedCursor {
  const [, shift, cursor] = /^\+(\d+) (.*)$/s.exec(stored ?? '') ?? []
  return shift === undefined || cursor === undefined
    ? { shift: 0, cursor: stored }
    : { shift: Number(shift), cursor }
}

/** The text of a cursor for the database. */
export function writeCursor({ shift, cursor }: { shift: number; cursor: string }): string {
  return shift === 0 ? cursor : `+${shift} ${cursor}`
}

/** The events with the attempt numbers of the job. */
export function shiftAttempts(events: TrainingEvent[], shift: number): TrainingEvent[] {
  if (shift === 0) return events
  return events.map((event) => ({ ...event, attempt: event.attempt + shift }))
}
