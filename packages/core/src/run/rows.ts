import type { Measured } from '../measured.ts'
import type { Direction, EventOf, FilesState, Origin, TrainingEvent } from './event.ts'
import { ownValue } from '../named.ts'
import { checkpointKey } from './keys.ts'

/** Details of one measured value. */
export interface Detail {
  origin: Origin | null
  samples: number | null
  scored_by?: string | null
}

/** Metrics measured at one (attempt, step), as a stored row. `values` holds the first measurement of each. */
export interface Evaluation {
  attempt: number
  step: number
  epoch: number | null
  values: Readonly<Record<string, Measured>>
  /** Its origin, and the number of samples. */
  origin: Origin | null
  samples?: number | null
  /** Details of values that differ from these; see `detailOf`. */
  details?: Readonly<Record<string, Detail>>
}

/** A checkpoint as a stored row; `path` is relative to the run's root. */
export interface Checkpoint {
  checkpoint_id: string | null
  attempt: number
  step: number | null
  path: string
  files_state: FilesState
  files_why: string | null
}

/** Which metric decides: as the run declares, or as its files show. */
export interface Declaration {
  metric: string | null
  direction: Direction | null
  declared_by: string | null
  /** The metric comes from the run's files; the run declares none. */
  metric_is_inferred?: boolean
  /** Directions of metrics, if they were logged with the values. */
  directions?: Readonly<Record<string, Direction>>
}

/** The checkpoint that the trainer recorded as its best. */
export interface Claim {
  path: string | null
  step: number | null
  metric: string | null
  value: Measured
}

/** The rows that a selection uses. */
export interface RunRows {
  declaration: Declaration
  claim: Claim | null
  /** The distance between its saves, if the run declares one. */
  save_steps: number | null
  evaluations: Evaluation[]
  checkpoints: Checkpoint[]
}

/**
 * The rows of a run's events, in order of arrival. The latest claim counts, and the latest state of
 * a checkpoint's files. If a later attempt writes the same path, the older checkpoint is missing.
 */
export function rowsFrom(events: Iterable<TrainingEvent>): RunRows {
  const rows: RunRows = {
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    save_steps: null,
    evaluations: [],
    checkpoints: [],
  }
  const latest = new Map<string, Checkpoint>()
  const stored = new Set<string>()
  for (const event of events) {
    if (event.type === 'started') {
      rows.declaration = declaration(rows.declaration, event)
      rows.save_steps = event.save_steps ?? rows.save_steps
    }
    if (event.type === 'evaluation') {
      rows.evaluations.push(evaluationOf(event))
      rows.declaration = { ...rows.declaration, ...directed(rows.declaration, event) }
    }
    if (event.type === 'claim') rows.claim = event
    if (event.type === 'checkpoint') save(rows.checkpoints, { latest, stored }, event)
    if (event.type === 'files') {
      const { files_state, files_why } = event
      const here = latest.get(event.path)
      if (here && isSame(here, event)) Object.assign(here, { files_state, files_why })
    }
  }
  return rows
}

/**
 * Why the files of an overwritten checkpoint are missing. The step or the attempt follows, if the same
 * run wrote them.
 */
export const OVERWRITTEN = {
  at_step: 'overwritten at step',
  by_attempt: 'overwritten by attempt',
  by_run: 'overwritten by another run in this folder',
} as const

/** Adds a checkpoint once. An earlier checkpoint at its path is overwritten. */
function save(
  checkpoints: Checkpoint[],
  { latest, stored }: { latest: Map<string, Checkpoint>; stored: Set<string> },
  event: EventOf<'checkpoint'>,
): void {
  const { attempt, step, path, files_state, files_why } = event
  const older = latest.get(path)
  if (older && isSame(older, event)) {
    Object.assign(older, { files_state, files_why })
    return
  }
  // Logged again after another save used its path: it is still overwritten.
  if (older && stored.has(checkpointKey(event))) return
  stored.add(checkpointKey(event))
  if (older) {
    older.files_state = 'missing'
    older.files_why =
      older.attempt === attempt
        ? `${OVERWRITTEN.at_step} ${step}`
        : `${OVERWRITTEN.by_attempt} ${attempt}`
  }
  const saved = { checkpoint_id: null, attempt, step, path, files_state, files_why }
  latest.set(path, saved)
  checkpoints.push(saved)
}

type Saved = Pick<Checkpoint, 'attempt' | 'step' | 'path'>

function isSame(one: Saved, { attempt, step }: Saved): boolean {
  return one.attempt === attempt && one.step === step
}

/** An evaluation as a row. `details` has only the facts that differ between its values. */
function evaluationOf(event: EventOf<'evaluation'>): Evaluation {
  const { attempt, step, epoch, values, origin, samples, lines, scored_by } = event
  const row = { attempt, step, epoch, values, origin, samples }
  const metrics = Object.keys(scored_by === null ? lines : values)
  if (metrics.length === 0) return row
  const details = metrics.map((metric): [string, Detail] => {
    const line = ownValue(lines, metric) ?? origin?.line ?? null
    return [metric, { origin: origin && { file: origin.file, line }, samples, scored_by }]
  })
  return { ...row, details: Object.fromEntries(details) }
}

function directed(
  stored: Declaration,
  { directions }: EventOf<'evaluation'>,
): Partial<Declaration> {
  if (Object.keys(directions).length === 0) return {}
  return { directions: { ...directions, ...stored.directions } }
}

function declaration(stored: Declaration, event: EventOf<'started'>): Declaration {
  if (event.metric_for_best === null) return stored
  const { metric_for_best, direction, declared_by, metric_is_inferred } = event
  return { ...stored, metric: metric_for_best, direction, declared_by, metric_is_inferred }
}
