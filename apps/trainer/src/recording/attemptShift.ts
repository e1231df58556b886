import type { TrainingEvent } from '@bestmark/core'
import type { Branch, CountedPart } from './relation.ts'

/**
 * How far a run's files were read, and how their attempts are counted on the board. If the files
 * started again, `shift` is the number of stored attempts before those in the files.
 */
export interface ShiftedCursor {
  shift: number
  /** The beginning of the files is stored already. */
  known?: KnownPart
  /** A digest of what was recorded when the files were shorter than the stored history. */
  shorter?: string
  /** The cursor of the reader; null at the beginning. */
  cursor: string | null
}

/** The part of the files that is stored already, up to an attempt and a step of the files. */
interface KnownPart {
  attempt: number
  step: number
  parts: CountedPart[]
  /** Up to this step, training values of the last attempt are stored too. */
  trained: number
  /** Where the attempt after this part resumed. */
  resumed_from: number | null
}

/** The counting of attempts in a cursor. */
export type AttemptShift = Pick<ShiftedCursor, 'shift' | 'known'>

/** Reads a stored cursor. */
export function readCursor(stored: string | null): ShiftedCursor {
  const [, marks, cursor] = /^\+(\S+) (.*)$/s.exec(stored ?? '') ?? []
  if (marks === undefined || cursor === undefined) return { shift: 0, cursor: stored }
  if (/^\d+$/.test(marks)) return { shift: Number(marks), cursor }
  // `writeCursor` wrote it.
  return { ...(JSON.parse(marks) as Omit<ShiftedCursor, 'cursor'>), cursor }
}

/** The text of a cursor for the database. */
export function writeCursor({ cursor, ...marks }: ShiftedCursor & { cursor: string }): string {
  const { shift, known, shorter } = marks
  if (known === undefined && shorter === undefined)
    return shift === 0 ? cursor : `+${shift} ${cursor}`
  return `+${JSON.stringify(marks)} ${cursor}`
}

/** How to count the attempts in files that leave the stored history, whose attempts are given. */
export function furtherShift(
  branch: Branch | null,
  trained: number,
  attempts: readonly { attempt: number; resumed_from: number | null }[],
): AttemptShift {
  const last = attempts.at(-1)?.attempt ?? 0
  if (!branch) return { shift: last + 1 }
  const { attempt, step, stored_attempt, isContinued, parts } = branch
  const before = stored_attempt - attempt
  const part = { attempt, step, parts }
  if (!isContinued)
    return { shift: last + 1 - attempt, known: { ...part, trained: step, resumed_from: step } }
  const resumed_from = attempts.at(-1)?.resumed_from ?? null
  const known = { ...part, trained: Math.max(step, trained), resumed_from }
  return { shift: before, known }
}

/** The events with the attempt numbers of the job, without those that are stored already. */
export function shiftAttempts(
  events: readonly TrainingEvent[],
  { shift, known }: AttemptShift,
): TrainingEvent[] {
  if (!known) return shift === 0 ? [...events] : events.map((event) => moved(event, shift))
  return events.flatMap((event): TrainingEvent[] => {
    if (isKnown(event, known)) return isKept(event) ? [moved(event, shiftIn(known, event))] : []
    const { type, attempt } = event
    if (attempt !== known.attempt || type !== 'started') return [moved(event, shift)]
    return [{ ...event, attempt: attempt + shift, resumed_from: known.resumed_from }]
  })
}

/** What may be recorded of files that hold only a part of the stored history. */
export function additions(
  events: readonly TrainingEvent[],
  { shift, known }: AttemptShift,
): TrainingEvent[] {
  return events.filter(isKept).map((event) => {
    return moved(event, known && isKnown(event, known) ? shiftIn(known, event) : shift)
  })
}

function moved(event: TrainingEvent, shift: number): TrainingEvent {
  return { ...event, attempt: event.attempt + shift }
}

/** The shift of the part that an event of the known part belongs to. */
function shiftIn({ parts }: KnownPart, event: TrainingEvent): number {
  const { attempt } = event
  const step = ('step' in event ? event.step : null) ?? Infinity
  const part = parts.find((one) => {
    return attempt < one.attempt || (attempt === one.attempt && step <= one.step)
  })
  return (part ?? parts.at(-1))?.shift ?? 0
}

function isKnown(event: TrainingEvent, { attempt, step, trained }: KnownPart): boolean {
  if (event.attempt !== attempt) return event.attempt < attempt
  if (!('step' in event) || event.step === null) return false
  return event.step <= (event.type === 'metrics' ? trained : step)
}

/** Whether an event adds to a stored step, instead of repeating what is stored of it. */
function isKept(event: TrainingEvent): boolean {
  return event.type === 'checkpoint' || (event.type === 'evaluation' && event.scored_by !== null)
}

/** Adds the time to new events, because most programs write no times. */
export function addTimes(events: TrainingEvent[]): TrainingEvent[] {
  const at = Date.now()
  return events.map((event) => (event.at === null ? { ...event, at } : event))
}
