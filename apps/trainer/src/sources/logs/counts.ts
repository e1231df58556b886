import { basename } from 'node:path'
import { type EventOf, setOwn } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { measuredEvents, type EventOrigin } from '../events/newEvents.ts'
import type { Found } from '../../journal/gate.ts'
import { isCount } from '../../files/json.ts'
import { findTableBase, type NumberedValue } from '../weights/tableBase.ts'
import type { LogRecord } from './logRecord.ts'

/** So many names of checkpoints are kept. */
const MOST_SAVES = 1000

/** How far the records of a log are, and what they count; plain data. */
export interface Counts extends Progress {
  named: NumberedValue[]
  /** What rows are placed by; the first row tells. */
  axis: 'steps' | 'epochs' | null
  /** How many more steps there are than the log counts. */
  shift: 0 | 1
  /** The last count and epoch of training. */
  counted: number | null
  epoch: number | null
  /** Steps at which records name a checkpoint, by its name. */
  saves: Record<string, number>
  /** The measure of which the log records the best so far. */
  best_of: string | null
}

/** A log before its first record. */
export function emptyCounts(named: NumberedValue[], axis: Counts['axis'] = null): Counts {
  const nothing = { counted: null, epoch: null, saves: {}, best_of: null } as const
  return { ...noProgress(), ...nothing, named, axis, shift: 0 }
}

/** What a record of a log tells, at the step that it is of; nothing where it has none. */
export function recordEvents(state: Counts, reading: LogRecord, origin: EventOrigin): Found[] {
  const { metrics, evaluation } = reading
  const isTraining = Object.keys(metrics).length > 0
  const at = stepOfRecord(state, reading, isTraining)
  if (!at) return []
  const found: Found[] = []
  const { step } = at
  state.best_of ??= reading.best_of ?? null
  if (reading.saved !== undefined && Object.keys(state.saves).length < MOST_SAVES) {
    setOwn(state.saves, basename(reading.saved.replaceAll('\\', '/')), step)
  }
  const again = findRestart(state, step, isTraining)
  if (again) found.push(again)
  const { attempt } = state
  found.push(...measuredEvents({ attempt, ...at }, { metrics, evaluation }, origin))
  return found
}

/** A further attempt, where training logs an earlier step again. */
function findRestart(
  state: Counts,
  step: number,
  isTraining: boolean,
): EventOf<'started'> | undefined {
  if (!isTraining || step === state.step) return undefined
  const again = advance(state, step)
  return again && { ...again, total_steps: state.total }
}

/** The step and epoch that a record is of. */
function stepOfRecord(
  state: Counts,
  reading: LogRecord,
  isTraining: boolean,
): { step: number; epoch: number | null } | undefined {
  const counted = findCount(state, reading, isTraining)
  if (counted === null || !isCount(counted)) return undefined
  if (state.counted === null) state.shift = findShift(state, counted, reading)
  if (isTraining || state.counted === null) state.counted = counted
  const step = counted + state.shift
  const total = state.axis === 'epochs' ? reading.total_epochs : reading.total_steps
  state.total ??= total
  if (reading.epoch !== null) state.epoch = reading.epoch
  return { step, epoch: state.axis === 'epochs' ? step : (reading.epoch ?? state.epoch) }
}

/** The number on the log's axis; null where a record has only the other one. */
function findCount(
  state: Counts,
  { step, epoch, evaluation }: LogRecord,
  isTraining: boolean,
): number | null {
  state.axis ??= step !== null ? 'steps' : 'epochs'
  if (state.axis === 'epochs') return epoch
  // mmengine calls the epoch a step where it evaluates once an epoch.
  const isEpoch =
    step !== null && step === state.epoch && state.counted !== null && step < state.counted
  if (!isTraining && isEpoch && Object.keys(evaluation).length > 0) return state.counted
  // What is measured at the end of an epoch is of the step before it.
  return step ?? (epoch === null ? null : state.counted)
}

/**
 * Whether a log counts from 0: epochs by the first of them, or by names that carry its value; steps
 * where it logs 99 or 999 for the hundredth or thousandth.
 */
function findShift({ axis, named }: Counts, counted: number, { evaluation }: LogRecord): 0 | 1 {
  if (axis === 'epochs') return findTableBase(counted, evaluation, { named }) === 0 ? 1 : 0
  return counted >= 9 && (counted + 1) % 10 === 0 ? 1 : 0
}
