/** WeNet, like Kaldi, calls held-out data `cv`. */
const SPLIT = 'eval|evaluation|val|valid|validation|dev|test|holdout|heldout|held-out|cv'
/** Metrics of held-out data have one of these prefixes, */
const PREFIX = new RegExp(`^(${SPLIT})[_/]`, 'i')
/** or one of these words elsewhere: `loss_val`, `Loss/val`, `lm loss validation`, `Valid MSE`. */
const WORD = new RegExp(`(^|[_/. (\\[-])(${SPLIT})([_/. )\\]-]|$)`, 'i')
/** Metrics of object detection are always measured on held-out data. */
const DETECTION =
  /^(bbox|segm|keypoints|coco|sem_seg|panoptic_seg|metrics(?!\/train\b))\/|^(bbox|segm)_/
/** Rates, times and options with one of these words are not metrics. */
const NOT_A_MEASURE =
  /(^|[_/ ])(time|lr|learning_rate|eta|speed|fps|ips|memory|samples|size|seconds)([_/ ]|$)/i
/** The name of a held-out loss after the word for its split is removed. */
const BARE_LOSS = /^(lm )?(loss( epoch)?( average| avg| mean)?|(epoch )?(average|avg|mean) loss)$/

/** Lightning's mean over one validation batch. It counts batches, not steps. */
const OF_A_BATCH = /_step$/

/** Names of the training loss, the most specific first. */
const TRAINING_LOSS = [
  'loss',
  'train_loss',
  'train/loss',
  'training_loss',
  'train_loss_step',
  'train/loss_step',
  'train_loss_epoch',
  'train/loss_epoch',
  'loss/train/total',
]

/** `valLoss` and `valloss` are `val_loss`. */
const JOINED =
  /^(eval|val|valid|validation|dev)(?=[A-Z][a-z]|loss$|acc$)|^(Eval|Val|Valid|Validation)(?=[A-Z][a-z])/

/** Whether a metric of this name is measured on held-out data. */
export function isHeldOut(joined: string): boolean {
  const name = joined.replace(JOINED, '$&_')
  if (/^evaluation$/i.test(name)) return false
  if (PREFIX.test(name) || DETECTION.test(name)) return true
  return WORD.test(name) && !NOT_A_MEASURE.test(name)
}

/** Whether a name is a metric, not a rate, time or size. */
export function isMeasure(name: string): boolean {
  return !NOT_A_MEASURE.test(name)
}

/** The name of a metric in a record that names its split. */
export function nameWithSplit(name: string, split: 'eval' | 'test' | 'unnamed'): string {
  return split === 'unnamed' || isHeldOut(name) ? name : `${split}_${name}`
}

/** Whether a name is a value of one evaluation batch, which has no step. */
export function isBatchValue(name: string): boolean {
  return PREFIX.test(name) && OF_A_BATCH.test(name)
}

/** The common name of a held-out metric: the loss is `eval_loss` for every program. */
export function heldOutName(given: string): string {
  const name = given.replace(JOINED, '$&_')
  const words = wordsOf(name)
  return words !== undefined && BARE_LOSS.test(words)
    ? 'eval_loss'
    : given.replace(/^eval\//, 'eval_')
}

/** Whether a held-out metric is the sum of several losses. */
export function isTotalLoss(name: string): boolean {
  return /^(total|overall) loss$/.test(wordsOf(name) ?? '')
}

/** The words of a name without its split; undefined if it has none, or if that is of a test. */
function wordsOf(name: string): string | undefined {
  const [, before = '', split = ''] = WORD.exec(name) ?? []
  if (split === '' || /^test$/i.test(split)) return undefined
  return name
    .replace(WORD, before === '' ? '' : ' ')
    .toLowerCase()
    .replace(/[_/. ()[\]-]+/g, ' ')
    .trim()
}

/** The training loss among these names; undefined if there is none. */
export function findTrainingLoss(names: readonly string[]): string | undefined {
  return TRAINING_LOSS.find((name) => names.includes(name))
}
