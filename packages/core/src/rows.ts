import type { EventOf, TrainingEvent } from './event.ts'
import type { Checkpoint, Claim, Declaration, Evaluation } from './selection/selection.ts'

/** What a selection is made from. */
export interface RunRows {
  declaration: Declaration
  claim: Claim | null
  evaluations: Evaluation[]
  checkpoints: Checkpoint[]
}

/**
 * The rows that a run's events come to, in order of arrival. The latest claim counts, and the
 * latest state of a checkpoint's files; a later attempt that writes the same path makes the older
 * checkpoint missing.
 */
export function rowsFrom(events: Iterable<TrainingEvent>): RunRows {
  const rows: RunRows = {
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    evaluations: [],
    checkpoints: [],
  }
  const byPath = new Map<string, Checkpoint>()
  for (const event of events) {
    if (event.type === 'started') rows.declaration = declaration(rows.declaration, event)
    if (event.type === 'evaluation') rows.evaluations.push(event)
    if (event.type === 'claim') rows.claim = event
    if (event.type === 'checkpoint') {
      overwrite(byPath.get(event.path), event)
      const saved = { ...event, checkpoint_id: null }
      byPath.set(event.path, saved)
      rows.checkpoints.push(saved)
    }
    if (event.type === 'files') {
      const { files_state, files_why } = event
      Object.assign(byPath.get(event.path) ?? {}, { files_state, files_why })
    }
  }
  return rows
}

function declaration(known: Declaration, event: EventOf<'started'>): Declaration {
  if (event.metric_for_best === null) return known
  const { metric_for_best, direction, declared_by } = event
  return { metric: metric_for_best, direction, declared_by }
}

function overwrite(older: Checkpoint | undefined, { attempt, step }: EventOf<'checkpoint'>): void {
  if (!older || (older.attempt === attempt && older.step === step)) return
  older.files_state = 'missing'
  older.files_why =
    older.attempt === attempt ? `overwritten at step ${step}` : `overwritten by attempt ${attempt}`
}
