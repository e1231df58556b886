import { isFiniteMeasure, type Measured } from '../measured.ts'

/**
 * How far apart the training and evaluation losses of a run are, since its last fresh start. These
 * are counts, not medians, so that one more evaluation costs O(1) and the status can store them.
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
  /** The natural logarithms of the first ratios, train to eval; missing if none was compared. */
  early?: { count: number; sum: number; squares: number }
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
/** With fewer evaluations the scales are not compared. */
const FEWEST = 3
/**
 * Only the first evaluations' ratios are compared with each other: later ones drift by overfitting.
 */
const EARLY = 5
/**
 * Two scales differ by a constant factor; more variation than this is noise (standard deviation).
 */
const STEADY = 0.15

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
    early: earlyAfter(scale, Math.log(ratio)),
  }
}

function earlyAfter({ early }: LossScale, log: number): NonNullable<LossScale['early']> {
  const { count, sum, squares } = early ?? { count: 0, sum: 0, squares: 0 }
  if (count >= EARLY) return { count, sum, squares }
  return { count: count + 1, sum: sum + log, squares: squares + log * log }
}

/**
 * Whether both losses have one scale. They do not if the first ratios are alike and one of two is
 * true. Most training losses are far above the evaluation's, because they are summed. Or most of
 * the first epoch's are far below it, which cannot be overfitting. True with fewer than three
 * evaluations.
 */
export function isOneScale(scale: LossScale): boolean {
  return scaleRatio(scale) === null
}

/** The factor from the evaluation loss to the training loss; null if they have one scale. */
export function scaleRatio(scale: LossScale): number | null {
  const { compared, far_above, first_epoch, far_below, early } = scale
  const isApart = far_above > compared / 2 || far_below > first_epoch / 2
  if (!isApart || !early || early.count < FEWEST) return null
  const mean = early.sum / early.count
  const variance = Math.max(0, early.squares / early.count - mean * mean)
  return Math.sqrt(variance) <= STEADY ? Math.exp(mean) : null
}

/** Why there is no loss gap. */
export type GapMissing = 'no_eval_loss' | 'no_train_loss' | 'unlike_scales'

/** Evaluation loss minus training loss, or why there is none. */
export type LossGap = { value: number; missing: null } | { value: null; missing: GapMissing }

/** The only computation of the loss gap, for the status, a checkpoint and the explanation. */
export function lossGap(
  { eval_loss, train_loss }: Omit<LossPair, 'epoch'>,
  scale: LossScale,
): LossGap {
  if (eval_loss === null) return { value: null, missing: 'no_eval_loss' }
  if (train_loss === null) return { value: null, missing: 'no_train_loss' }
  if (!isOneScale(scale)) return { value: null, missing: 'unlike_scales' }
  return { value: eval_loss - train_loss, missing: null }
}
