import type { TrainingEvent } from './event.ts'

/** When a run last logged something, and its usual time between log lines (ms); null while unknown. */
export interface Activity {
  last_logged_at: number | null
  cadence: number | null
}

/** How long a run may be silent: `factor` times its cadence, but at least `floor` (ms). */
export interface Patience {
  factor: number
  floor: number
}

export const PATIENCE: Patience = { factor: 5, floor: 120_000 }

/** The longest gap fades out over this many times its own length. */
const REMEMBERED = 100
/** One gap raises the cadence at most this much: a machine may have slept for a night. */
const MOST = 2

/**
 * The activity after one more log line at `now`. The cadence is the longest recent gap, because
 * evaluations and saves take longer than steps. No gap raises it above twice the patience before.
 */
export function activityAfter({ last_logged_at, cadence }: Activity, now: number): Activity {
  if (last_logged_at === null) return { last_logged_at: now, cadence }
  const gap = Math.max(0, now - last_logged_at)
  const faded = (cadence ?? 0) - gap / REMEMBERED
  const learned = Math.min(gap, MOST * patienceFor(cadence))
  return { last_logged_at: Math.max(last_logged_at, now), cadence: Math.max(faded, learned) }
}

/** How long a run of this cadence may be silent before it is ended (ms). */
export function patienceFor(cadence: number | null, patience = PATIENCE): number {
  return Math.max(patience.floor, patience.factor * (cadence ?? 0))
}

/** Whether a run has been silent for too long. */
export function isSilent(
  { last_logged_at, cadence }: { last_logged_at: number; cadence: number | null },
  now: number,
  patience = PATIENCE,
): boolean {
  return now - last_logged_at > patienceFor(cadence, patience)
}

/** Events that do not come from the run's own log. */
const NOT_OWN = new Set<TrainingEvent['type']>(['files', 'ended', 'setup', 'usage'])

/** Whether an event comes from the run itself, and not from an agent or a score. */
export function isFromRun(event: TrainingEvent): boolean {
  if (NOT_OWN.has(event.type)) return false
  // A file with a step in its name may have been written at any time.
  if (event.type === 'sample') return event.step_from === 'log'
  return event.type !== 'evaluation' || event.scored_by === null
}
