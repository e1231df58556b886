import { type EventOf, grouped, measuredJson, readerNote, type TrainingEvent } from '@bestmark/core'
import { type AttemptShift, furtherShift, shiftAttempts } from '../recording/attemptShift.ts'
import { pointsOfEvents } from '../recording/historyPoints.ts'
import { relate, type Relation } from '../recording/relation.ts'

/** What becomes of a journal when its run's files were written anew. */
export type HistoryChange =
  | { kind: 'append'; events: TrainingEvent[] }
  | { kind: 'rewrite'; events: TrainingEvent[] }
  | { kind: 'shorter'; events: TrainingEvent[] }
  | { kind: 'further'; events: TrainingEvent[]; counting: AttemptShift }
  | { kind: 'another' }

interface Histories {
  /** The events of the journal that come from these files. */
  before: readonly TrainingEvent[]
  /** All events of the files now, as their reader counts attempts. */
  now: readonly TrainingEvent[]
  counting: AttemptShift
  /** Other sources read the files now. */
  isReadAnew: boolean
}

/**
 * Compares what was spooled of a run with its files, which were written anew. Files that only add
 * something are appended. A history is kept if the files now have less of it.
 */
export function changeOf({ before, now, counting, isReadAnew }: Histories): HistoryChange {
  const found = shiftAttempts(now, counting)
  const stored = new Set(before.map(keyOf))
  const kept = new Set(found.map(keyOf))
  const isAny = before.some(isMeasured)
  if (before.filter(isMeasured).every((one) => kept.has(keyOf(one)))) {
    const added = withEnd(found, stored)
    const restarts = isAny && added.some((one) => one.type === 'started' && isBegun(before, one))
    return restarts ? rewritten(before, found) : { kind: 'append', events: added }
  }
  const relation = relationOf(before, found)
  if (relation === undefined) return isReadAnew ? rewritten(before, found) : { kind: 'another' }
  if (relation.kind === 'another') return { kind: 'another' }
  if (relation.kind === 'all') return rewritten(before, found)
  if (relation.kind === 'shorter') {
    const added = found.filter((one) => one.type === 'checkpoint' && !stored.has(keyOf(one)))
    return { kind: 'shorter', events: added }
  }
  const further = furtherShift(relation.branch, lastStep(before), attemptsOf(before))
  const events = shiftAttempts(now, further)
  return {
    kind: 'further',
    counting: further,
    events: events.filter((one) => !stored.has(keyOf(one))),
  }
}

/** A note that the log became shorter. */
export function shorterNote(before: readonly TrainingEvent[], now: readonly TrainingEvent[]) {
  const attempt = before.reduce((last, one) => Math.max(last, one.attempt), 0)
  const text = `The log became shorter: it ends at step ${grouped(lastStep(now))}, and step ${grouped(lastStep(before))} was recorded. The recorded values stay.`
  return readerNote(attempt, { code: 'log_shorter', text })
}

/** The history of the files, with the times that were noted before. */
function rewritten(
  before: readonly TrainingEvent[],
  found: readonly TrainingEvent[],
): HistoryChange {
  const times = new Map(before.map((one) => [keyOf(one), one.at]))
  const events = found.map((one) => {
    const at = one.at ?? times.get(keyOf(one)) ?? null
    return at === null ? one : { ...one, at }
  })
  return { kind: 'rewrite', events }
}

/** The events that are new; the end of a run is said again after new events of it. */
function withEnd(found: readonly TrainingEvent[], stored: ReadonlySet<string>): TrainingEvent[] {
  const added = found.filter((one) => !stored.has(keyOf(one)))
  const end = found.at(-1)
  const isRepeated = end?.type === 'ended' && added.length > 0 && !added.includes(end)
  return isRepeated ? [...added, end] : added
}

function isBegun(before: readonly TrainingEvent[], { attempt }: TrainingEvent): boolean {
  return before.some((one) => one.type === 'started' && one.attempt === attempt)
}

/** How evaluations relate, or all values if there are none in common. */
function relationOf(
  before: readonly TrainingEvent[],
  found: readonly TrainingEvent[],
): Relation | undefined {
  const attempt = before.reduce((last, one) => Math.max(last, one.attempt), 0)
  const evaluations = (events: readonly TrainingEvent[]) =>
    pointsOfEvents(events.filter(({ type }) => type === 'evaluation'))
  return (
    relate(evaluations(before), evaluations(found), attempt) ??
    relate(pointsOfEvents(before), pointsOfEvents(found), attempt)
  )
}

function lastStep(events: readonly TrainingEvent[]): number {
  return events.reduce((last, one) => (isMeasured(one) ? Math.max(last, one.step) : last), 0)
}

function attemptsOf(events: readonly TrainingEvent[]) {
  const started = events.filter((one): one is EventOf<'started'> => one.type === 'started')
  return started.map(({ attempt, resumed_from }) => ({ attempt, resumed_from }))
}

/** A value that the run measured. */
function isMeasured(event: TrainingEvent): event is EventOf<'metrics' | 'evaluation'> {
  return event.type === 'metrics' || (event.type === 'evaluation' && event.scored_by === null)
}

/** A text that is the same for the same fact, read once more: without times and places in files. */
function keyOf(event: TrainingEvent): string {
  if (event.type === 'checkpoint') {
    const { type, attempt, step, path, signature, files_state } = event
    return JSON.stringify([type, attempt, step, path, signature, files_state])
  }
  if (event.type === 'evaluation') {
    const { type, attempt, step, values, scored_by } = event
    return measuredJson([type, attempt, step, values, scored_by])
  }
  return measuredJson({ ...event, at: null })
}
