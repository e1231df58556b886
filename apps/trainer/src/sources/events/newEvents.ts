import { type EventOf, type Measured, TrainingEvent } from '@bestmark/core'

export type Values = Record<string, Measured>

/** Where in a run something was measured. */
export interface MeasuredAt {
  attempt: number
  step: number
  epoch: number | null
  /** Milliseconds since the epoch; null where the source does not tell. */
  at?: number | null
}

/** The file and line of logged values. */
export interface EventOrigin {
  file: string
  line: number | null
}

/** A `started` event with what is known of it; whether that fits is the gate's to say. */
export function startedEvent(told: Partial<EventOf<'started'>>): EventOf<'started'> {
  // Parsed for the schema's own defaults; it comes once an attempt.
  const event = TrainingEvent.parse({ attempt: 0, type: 'started' })
  if (event.type !== 'started') throw new Error('A started event became another one.')
  return { ...event, ...told }
}

/** Values that training logged, and those that were evaluated, as the events they are. */
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

/** Something that a person should know of how the run was read. */
export function readerNote(
  attempt: number,
  text: string,
  level: 'info' | 'warning' = 'warning',
): EventOf<'log'> {
  return { type: 'log', attempt, at: null, step: null, level, text, reader: true }
}

/** What a person should know of how a run was read, among its events. */
export function readerWarnings(events: readonly TrainingEvent[]): string[] {
  return events.flatMap((event) => {
    const isTold = event.type === 'log' && event.reader === true && event.level === 'warning'
    return isTold ? [event.text] : []
  })
}

/** How an attempt ended. */
export function endedEvent(
  attempt: number,
  status: EventOf<'ended'>['status'],
  error: string | null = null,
): EventOf<'ended'> {
  return { type: 'ended', attempt, at: null, status, error }
}

/** What a program calls its best. */
export function claimEvent(attempt: number, told: Partial<EventOf<'claim'>>): EventOf<'claim'> {
  const nothing = { path: null, step: null, metric: null, value: null, origin: null }
  return { ...nothing, ...told, type: 'claim', attempt, at: null }
}
