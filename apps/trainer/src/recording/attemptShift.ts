import type { TrainingEvent } from '@bestmark/core'

/**
 * How far a run's files were read, where they began anew and go on with what is stored: `shift`
 * counts the stored attempts before those that the files hold.
 */
export interface ShiftedCursor {
  shift: number
  /** The reader's own cursor; null at the beginning. */
  cursor: string | null
}

/** What a stored cursor says. */
export function readCursor(stored: string | null): ShiftedCursor {
  const [, shift, cursor] = /^\+(\d+) (.*)$/s.exec(stored ?? '') ?? []
  return shift === undefined || cursor === undefined
    ? { shift: 0, cursor: stored }
    : { shift: Number(shift), cursor }
}

/** A cursor as it is stored. */
export function writeCursor({ shift, cursor }: { shift: number; cursor: string }): string {
  return shift === 0 ? cursor : `+${shift} ${cursor}`
}

/** Events of the files as attempts of the job. */
export function shifted(events: TrainingEvent[], shift: number): TrainingEvent[] {
  if (shift === 0) return events
  return events.map((event) => ({ ...event, attempt: event.attempt + shift }))
}
