import {
  factsAfter as factsAfterEvent,
  initialTracker,
  type EventOf,
  type RunFacts,
  type TrainingEvent,
} from '@bestmark/core'
import { environmentAfter } from './environment.ts'
import type { JobChanges } from '../rows/job.ts'
import type { JobRow } from '../schema.ts'
import { storableName } from '../values/storable.ts'

/** Which kinds of rows the events touch, for readers who follow the job. */
export function touched(
  job: JobRow,
  events: readonly TrainingEvent[],
  revision: number,
): JobChanges {
  const set: JobChanges = {}
  let latest = job.attempt
  for (const { type, attempt } of events) {
    // Readers continue within the latest attempt. A point of an earlier attempt, such as a score of
    // weights before a resume, reaches them only if the series is sent again.
    if (MEASURING.has(type) && attempt < latest) set.history_revision = revision
    latest = Math.max(latest, attempt)
    if (type === 'log') set.logs_revision = revision
    if (GROWING.has(type)) set.series_revision = revision
    if (DECIDING.has(type)) set.checkpoints_revision = revision
  }
  return set
}

/** Events after which a series may have other points: a new attempt may replace some. */
const GROWING = new Set<TrainingEvent['type']>(['started', 'metrics', 'evaluation', 'usage'])

/** Events that contain points. */
const MEASURING = new Set<TrainingEvent['type']>(['metrics', 'evaluation'])

/** Events after which another checkpoint may be the best. */
export const DECIDING = new Set<TrainingEvent['type']>([
  'started',
  'evaluation',
  'checkpoint',
  'files',
  'claim',
])

const FACTS = Object.keys(initialTracker().facts)

/** The facts of a row after the events; `reselect` adds those that depend on the evaluations. */
export function factsAfter(job: JobRow, events: readonly TrainingEvent[]): RunFacts {
  const row: RunFacts = job
  const entries = Object.entries(row).filter(([field]) => FACTS.includes(field))
  // The row has more columns than the facts; the rest are exactly the tracker's fields.
  const facts = Object.fromEntries(entries) as unknown as RunFacts
  return events.reduce(factsAfterEvent, facts)
}

/** Values from the events that are stored as they were logged. */
export function storedAfter(
  job: JobRow,
  events: readonly EventOf<'started' | 'evaluation' | 'claim' | 'setup'>[],
): JobChanges {
  const set: JobChanges = {}
  for (const event of events) {
    if (event.type === 'claim') {
      const { path, step, metric, value } = event
      set.claim = { path, step, metric, value }
    } else if (event.type === 'setup') {
      set.setup_config = { ...(set.setup_config ?? job.setup_config), ...event.config }
      set.environment = environmentAfter(set.environment ?? job.environment, event)
    } else if (event.type === 'evaluation') {
      if (Object.keys(event.directions).length === 0) continue
      set.metric_directions = directed(set.metric_directions ?? job.metric_directions, event)
    } else {
      if (Object.keys(event.config).length > 0) set.config = event.config
      // A request to stop belongs to the attempt that ended.
      if (event.attempt > job.attempt) set.stop_requested_at = null
    }
  }
  return set
}

/** Directions by metric; the first one stays. */
function directed(
  previous: JobRow['metric_directions'],
  { directions }: EventOf<'evaluation'>,
): JobRow['metric_directions'] {
  const added = Object.entries(directions).map(([name, direction]) => {
    return [storableName(name), direction] as const
  })
  return { ...Object.fromEntries(added), ...previous }
}
