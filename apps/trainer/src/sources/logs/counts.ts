import { basename } from 'node:path'
import { type EventOf, setOwn, readerNote, type Found } from '@bestmark/core'
import { advance, beginAttempt, noProgress, type Progress } from '../events/attempts.ts'
import { completedEpochs, type EpochState, noEpochs } from '../events/completedEpochs.ts'
import { measuredEvents, type EventOrigin } from '../events/newEvents.ts'
import { valuesText } from '../events/valuesText.ts'
import { isCount } from '../../files/json.ts'
import { findTableBase, type NumberedValue } from '../weights/tableBase.ts'
import type { LogRecord } from './logRecord.ts'

/** At most this many checkpoint names are kept. */
const MOST_SAVES = 1000

/** The progress of a log, and what it counts. Plain data, because it is stored in the cursor. */
export interface Counts extends Progress {
  named: NumberedValue[]
  /** What the log counts. The first row decides. */
  axis: 'steps' | 'epochs' | null
  /** The number to add to get completed steps: 1 if the log counts from 0. */
  shift: 0 | 1
  /** The last step before the program started again; null once the next step is read. */
  restarted_from: number | null
  /** The last count of training. */
  counted: number | null
  epoch: number | null
  /** In a log of steps: whether its epochs count from 0; null if it is not known yet. */
  epochs_from_zero: boolean | null
  epochs: EpochState
  /** Steps of checkpoints that records name, by file name. */
  saves: Record<string, number>
  /** The metric whose best value the log records. */
  best_of: string | null
  /** The best step, if the log says which one it is. */
  best_step: number | null
  /** The step of the last evaluation. */
  evaluated: number | null
  /** The lowest step with a training value. */
  trained_from: number | null
}

/** The counts before the first record. */
export function emptyCounts(named: NumberedValue[], axis: Counts['axis'] = null): Counts {
  const nothing = { counted: null, epoch: null, saves: {}, best_of: null } as const
  const steps = { best_step: null, evaluated: null, trained_from: null } as const
  const epochs = { epochs_from_zero: null, epochs: noEpochs() }
  const counts = { ...nothing, ...steps, ...epochs }
  return { ...noProgress(), ...counts, named, axis, shift: 0, restarted_from: null }
}

/** The events of a log record; none if it has no step. */
export function recordEvents(state: Counts, reading: LogRecord, origin: EventOrigin): Found[] {
  const { metrics, evaluation } = reading
  if (reading.is_best) {
    state.best_step = reading.step
    return []
  }
  if (reading.saves_best) state.best_step = state.evaluated
  const isTraining = Object.keys(metrics).length > 0
  const at = stepOfRecord(state, reading, isTraining)
  if (!at) return []
  const found: Found[] = []
  const { step } = at
  if (isTraining) state.trained_from = Math.min(state.trained_from ?? step, step)
  else if (isAfterTraining(state, step)) return [ignoredNote(state, reading, origin)]
  state.best_of ??= reading.best_of ?? null
  if (reading.saved !== undefined && Object.keys(state.saves).length < MOST_SAVES) {
    setOwn(state.saves, basename(reading.saved.replaceAll('\\', '/')), step)
  }
  const again = findRestart(state, step, isTraining)
  if (again) found.push(again)
  const { attempt } = state
  if (Object.keys(evaluation).length > 0) state.evaluated = step
  if (reading.saves_best) state.best_step = state.evaluated
  found.push(...measuredEvents({ attempt, ...at }, { metrics, evaluation }, origin))
  return found
}

/** Whether an evaluation is of a later process, which calls it 0: no training of this log began there. */
function isAfterTraining({ trained_from = null }: Counts, step: number): boolean {
  return step === 0 && trained_from !== null && trained_from > 0
}

function ignoredNote(state: Counts, { evaluation }: LogRecord, origin: EventOrigin): Found {
  const where = origin.line === null ? origin.file : `Line ${origin.line} of ${origin.file}`
  const text = `${where} has an evaluation without a training step: ${valuesText(evaluation)}. It is ignored`
  return readerNote(state.attempt, { code: 'evaluation_ignored', text })
}

/** The start of a new attempt, if the program started again, or if training logs an earlier step again. */
function findRestart(
  state: Counts,
  step: number,
  isTraining: boolean,
): EventOf<'started'> | undefined {
  if (!isTraining) return undefined
  const from = state.restarted_from ?? null
  state.restarted_from = null
  if (from === null && step === state.step) return undefined
  const again = from === null ? advance(state, step) : beginAttempt(state, from, step)
  return again && { ...again, total_steps: state.total }
}

/** The step and epoch of a record. */
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
  if (reading.epoch !== null) state.epoch = epochOf(state, reading, step)
  return { step, epoch: state.axis === 'epochs' ? step : state.epoch }
}

/** The completed epochs of a record in a log of steps. Epochs count from 0 if the first one is 0. */
function epochOf(state: Counts, record: LogRecord, step: number): number | null {
  const { epoch } = record
  if (epoch === null || state.axis === 'epochs') return epoch
  if (!Number.isInteger(epoch)) state.epochs_from_zero = false
  else if (step > 0) state.epochs_from_zero ??= epoch === 0
  if (!state.epochs_from_zero) return epoch
  return completedEpochs(state.epochs, { step, epoch }, record)
}

/** The record's number on the log's axis; null if it only has the other number. */
function findCount(
  state: Counts,
  { step, epoch, evaluation }: LogRecord,
  isTraining: boolean,
): number | null {
  state.axis ??= step !== null ? 'steps' : 'epochs'
  if (state.axis === 'epochs') return epoch
  // mmengine logs the epoch as the step of an evaluation. Without epochs it is 0.
  const isEpoch =
    step !== null && step === (state.epoch ?? 0) && state.counted !== null && step < state.counted
  if (!isTraining && isEpoch && Object.keys(evaluation).length > 0) return state.counted
  // A value at the end of an epoch belongs to the last step.
  return step ?? (epoch === null ? null : state.counted)
}

/**
 * 1 if the log counts from 0. The first epoch shows it, or a checkpoint name with its value. For steps,
 * a log that counts from 0 logs the hundredth step as 99.
 */
function findShift(
  { axis, named }: Counts,
  counted: number,
  { evaluation, is_from_zero }: LogRecord,
): 0 | 1 {
  if (axis === 'epochs' && is_from_zero) return 1
  if (axis === 'epochs') return findTableBase(counted, evaluation, { named }) === 0 ? 1 : 0
  return counted >= 9 && (counted + 1) % 10 === 0 ? 1 : 0
}
