import { isFiniteMeasure, type Measured } from '../measured.ts'

/**
 * How far the training and evaluation losses of a run lie apart, counted since its last fresh start.
 * Counts and no medians, so that one more evaluation costs O(1) and the status can carry them.
 */
export interface LossScale {
  /** Evaluations that have both losses, finite and above 0. */
  compared: number
  /** Of these, how many have a training loss far above the evaluation's. */
  far_above: number
  /** Of these, how many lie in the first epoch, before any example was seen twice. */
  first_epoch: number
  /** Of the first epoch's, how many have a training loss far below the evaluation's. */
  far_below: number
}

export const NO_LOSSES: LossScale = { compared: 0, far_above: 0, first_epoch: 0, far_below: 0 }

/** An evaluation loss with the training loss before it. */
export interface LossPair {
  eval_loss: Measured
  train_loss: Measured
  epoch: number | null
}

/** Training and evaluation losses this many times apart are not on one scale. */
const FACTOR = 1.8
/** With fewer evaluations the scales are not judged. */
const FEWEST = 2

/** The counts after one more evaluation. */
export function scaleAfter(
  scale: LossScale,
  { eval_loss, train_loss, epoch }: LossPair,
): LossScale {
  if (!isFiniteMeasure(eval_loss) || !isFiniteMeasure(train_loss)) return scale
  if (eval_loss <= 0 || train_loss <= 0) return scale
  const ratio = train_loss / eval_loss
  const isFirst = epoch !== null && epoch <= 1
  return {
    compared: scale.compared + 1,
    far_above: scale.far_above + Number(ratio > FACTOR),
    first_epoch: scale.first_epoch + Number(isFirst),
    far_below: scale.far_below + Number(isFirst && ratio <= 1 / (2 * FACTOR)),
  }
}

/**
 * Whether both losses have one scale. They do not where most training losses are far above the
 * evaluation's (they are summed over something), or where most of the first epoch's are far below
 * it, which cannot be overfitting. True with fewer than two evaluations.
 */
export function isOneScale({ compared, far_above, first_epoch, far_below }: LossScale): boolean {
  if (compared < FEWEST) return true
  return far_above <= compared / 2 && far_below <= first_epoch / 2
}

/** Why there is no loss gap. */
export type GapMissing = 'no_eval_loss' | 'no_train_loss' | 'unlike_scales'

/** Evaluation loss less training loss, or why that is not given. */
export type LossGap = { value: number; missing: null } | { value: null; missing: GapMissing }

/** The one derivation of the loss gap, for the status, a checkpoint and the explanation alike. */
export function lossGap(
  { eval_loss, train_loss }: Omit<LossPair, 'epoch'>,
  scale: LossScale,
): LossGap {
  if (eval_loss === null) return { value: null, missing: 'no_eval_loss' }
  if (train_loss === null) return { value: null, missing: 'no_train_loss' }
  if (!isOneScale(scale)) return { value: null, missing: 'unlike_scales' }
  return { value: eval_loss - train_loss, missing: null }
}
