const SPLIT = 'eval|val|valid|validation|dev|test'
/** What is measured on held-out data carries one of these prefixes, */
const PREFIX = new RegExp(`^(${SPLIT})[_/]`, 'i')
/** or one of these words elsewhere: `loss_val`, `Loss/val`, `lm loss validation`, `Valid MSE`. */
const WORD = new RegExp(`(^|[_/. -])(${SPLIT})([_/. -]|$)`, 'i')
/** Detection is only ever measured on held-out data. */
const DETECTION = /^(bbox|segm|keypoints|coco|sem_seg|panoptic_seg|metrics)\/|^(bbox|segm)_/
/** Rates and settings with such a word measure nothing. */
const NOT_A_MEASURE =
  /(^|[_/ ])(time|lr|learning_rate|eta|speed|memory|samples|size|seconds)([_/ ]|$)/i
/** What is left of the name of a held-out loss without the word for its split. */
const BARE_LOSS = /^(lm )?(loss( epoch)?( average| avg| mean)?|(epoch )?(average|avg|mean) loss)$/

/** Lightning's mean over one batch of a validation, on an axis of its own. */
const OF_A_BATCH = /_step$/

/** How programs call the loss of training, the most telling first. */
const TRAINING_LOSS = [
  'loss',
  'train_loss',
  'train/loss',
  'training_loss',
  'train_loss_step',
  'train/loss_step',
  'train_loss_epoch',
  'train/loss_epoch',
]

/** Whether a name is that of something measured on held-out data. */
export function isHeldOut(name: string): boolean {
  if (PREFIX.test(name) || DETECTION.test(name)) return true
  return WORD.test(name) && !NOT_A_MEASURE.test(name)
}

/** Whether a name is that of a measure, and of no rate, time or size. */
export function isMeasure(name: string): boolean {
  return !NOT_A_MEASURE.test(name)
}

/** The name of a measure in a record that says itself of which data it is. */
export function nameWithSplit(name: string, split: 'eval' | 'test' | 'unnamed'): string {
  return split === 'unnamed' || isHeldOut(name) ? name : `${split}_${name}`
}

/** Whether a name stands for single batches of an evaluation, which no step can be told of. */
export function isBatchValue(name: string): boolean {
  return PREFIX.test(name) && OF_A_BATCH.test(name)
}

/** The one name of a held-out measure: the loss is `eval_loss` in every program. */
export function heldOutName(name: string): string {
  const [, before = '', split = ''] = WORD.exec(name) ?? []
  const rest = split === '' ? '' : name.replace(WORD, before === '' ? '' : ' ')
  const words = rest
    .toLowerCase()
    .replace(/[_/. -]+/g, ' ')
    .trim()
  const isLoss = split !== '' && !/^test$/i.test(split) && BARE_LOSS.test(words)
  return isLoss ? 'eval_loss' : name.replace(/^eval\//, 'eval_')
}

/** Which of these names is the training's own loss; undefined where none is. */
export function findTrainingLoss(names: readonly string[]): string | undefined {
  return TRAINING_LOSS.find((name) => names.includes(name))
}
