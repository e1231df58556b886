import type { TrainingEvent } from './event.ts'

/** When a run was last heard, and how far apart its words are (ms); null while that is not known. */
export interface Activity {
  heard_at: number | null
  cadence: number | null
}

/** How long a run may be silent: `factor` times its cadence, and `floor` (ms) at the least. */
export interface Patience {
  factor: number
  floor: number
}

export const PATIENCE: Patience = { factor: 5, floor: 120_000 }

/** The longest gap is forgotten, bit by bit, in so many times its own length. */
const REMEMBERED = 100
/** What one gap may teach at once: a machine that slept for a night has no such cadence. */
const MOST = 2

/**
 * What is known after one more word at `now`. The cadence is the longest gap of late (evaluations
 * and saves make a run silent for longer than its steps do), and no gap raises it beyond twice the
 * patience there was.
 */
export function activityAfter({ heard_at, cadence }: Activity, now: number): Activity {
  if (heard_at === null) return { heard_at: now, cadence }
  const gap = Math.max(0, now - heard_at)
  const known = (cadence ?? 0) - gap / REMEMBERED
  const learned = Math.min(gap, MOST * patienceFor(cadence))
  return { heard_at: Math.max(heard_at, now), cadence: Math.max(known, learned) }
}

/** How long a run of this cadence may be silent before it is called lost (ms). */
export function patienceFor(cadence: number | null, patience = PATIENCE): number {
  return Math.max(patience.floor, patience.factor * (cadence ?? 0))
}

/** Whether a run that was last heard then has been silent for too long. */
export function isSilent(
  { heard_at, cadence }: { heard_at: number; cadence: number | null },
  now: number,
  patience = PATIENCE,
): boolean {
  return now - heard_at > patienceFor(cadence, patience)
}

/** Events that others than the run's own log tell. */
const NOT_OWN = new Set<TrainingEvent['type']>(['files', 'ended', 'setup', 'usage'])

/** Whether an event is the run's own word, and not what somebody else found out about it. */
export function isFromRun(event: TrainingEvent): boolean {
  if (NOT_OWN.has(event.type)) return false
  return event.type !== 'evaluation' || event.scored_by === null
}
