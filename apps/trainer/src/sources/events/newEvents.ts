import { type EventOf, type Measured, type ReaderCode, TrainingEvent } from '@bestmark/core'

export type Values = Record<string, Measured>

/** The point in a run where something was measured. */
export interface MeasuredAt {
  attempt: number
  step: number
  epoch: number | null
  /** Milliseconds since 1970; null if unknown. */
  at?: number | null
}

/** The file and line of logged values. */
export interface EventOrigin {
  file: string
  line: number | null
}

/** A `started` event with some of its fields. The gate validates it later. */
export function startedEvent(fields: Partial<EventOf<'started'>>): EventOf<'started'> {
  // Parsing adds the schema's defaults. It is cheap, because it runs once per attempt.
  const event = TrainingEvent.parse({ attempt: 0, type: 'started' })
  if (event.type !== 'started') throw new Error('A started event was parsed as another type.')
  return { ...event, ...fields }
}

/** A `metrics` event for training values and an `evaluation` event for evaluated values. */
export function measuredEvents(
  { at = null, ...where }: MeasuredAt,
  { metrics, evaluation }: { metrics: Values; evaluation: Values },
  origin: EventOrigin,
  samples: number | null = null,
): TrainingEvent[] {
  const events: TrainingEvent[] = []
  if (isAny(metrics)) events.push({ type: 'metrics', ...where, at, values: metrics })
  if (isAny(evaluation)) {
    const measured = { values: evaluation, samples, origin, lines: {}, directions: {} }
    events.push({ type: 'evaluation', ...where, at, ...measured, scored_by: null })
  }
  return events
}

function isAny(values: Values): boolean {
  for (const _name in values) return true
  return false
}

/** A note of the reader for programs. */
export interface ReadNote extends Pick<EventOf<'log'>, 'level' | 'text'> {
  /** Null for a note of an older version. */
  code: ReaderCode | null
  /** The checkpoint that it is about. */
  path: string | null
}

/** The notes of the reader among a run's events. */
export function readerNotes(events: readonly TrainingEvent[]): ReadNote[] {
  return events.flatMap((event) => {
    if (event.type !== 'log' || event.reader !== true) return []
    const { code = null, level, text, path = null } = event
    return [{ code, level, text, path }]
  })
}

/** The sentences of the reader's warnings among a run's events. */
export function readerWarnings(events: readonly TrainingEvent[]): string[] {
  return warningTexts(readerNotes(events))
}

/** The sentences of the warnings among some notes. */
export function warningTexts(notes: readonly ReadNote[]): string[] {
  return notes.flatMap(({ level, text }) => (level === 'warning' ? [text] : []))
}

/** An `ended` event without a time. */
export function endedEvent(
  attempt: number,
  status: EventOf<'ended'>['status'],
  error: string | null = null,
): EventOf<'ended'> {
  return { type: 'ended', attempt, at: null, status, error }
}

/** The checkpoint that the program itself claims as its best. */
export function claimEvent(attempt: number, fields: Partial<EventOf<'claim'>>): EventOf<'claim'> {
  const nothing = { path: null, step: null, metric: null, value: null, origin: null }
  return { ...nothing, ...fields, type: 'claim', attempt, at: null }
}
