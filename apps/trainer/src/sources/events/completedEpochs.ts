import type { Values } from './newEvents.ts'

/** What earlier rows show of the length of an epoch. Plain data, because it is stored in the cursor. */
export interface EpochState {
  /** The last row. */
  row: (EpochRow & { isEnd: boolean }) | null
  /** Steps per epoch; it is sure if two epochs agree or if a row is known to be at an end. */
  length: number | null
  isSure: boolean
}

/** Completed steps, and the number of the epoch counted from 0. */
interface EpochRow {
  step: number
  epoch: number
}

export function noEpochs(): EpochState {
  return { row: null, length: null, isSure: false }
}

/**
 * The completed epochs at a row of a log that counts epochs from 0: a part of them inside an epoch, if
 * its length is known. A program evaluates at the end of an epoch, unless the length shows otherwise.
 */
export function completedEpochs(
  state: EpochState,
  at: EpochRow,
  { metrics, evaluation }: { metrics: Values; evaluation: Values },
): number {
  const { row } = state
  if (row && at.epoch === row.epoch + 1) noteLength(state, row)
  const isAgain = row !== null && row.step === at.step && row.epoch === at.epoch
  const isEnd = Object.keys(evaluation).length > 0 || Object.keys(metrics).some(isOfAnEpoch)
  const here = { ...at, isEnd: isEnd || (isAgain && row.isEnd) }
  state.row = here
  const exact = state.isSure && state.length !== null ? at.step / state.length : NaN
  if (exact >= at.epoch && exact <= at.epoch + 1) return exact
  return here.isEnd ? at.epoch + 1 : at.epoch
}

/** Whether a value is logged at the end of an epoch, by its name. Lightning adds this to means. */
function isOfAnEpoch(name: string): boolean {
  return name.endsWith('_epoch')
}

/** The last row of an epoch shows the length of the epochs up to it. */
function noteLength(state: EpochState, { step, epoch, isEnd }: NonNullable<EpochState['row']>) {
  const length = step / (epoch + 1)
  const isSame = length === state.length
  const isWhole = Number.isInteger(length) && length > 0
  state.length = isWhole ? length : null
  state.isSure = isWhole && (isEnd || isSame)
}
