/** What is measured on held-out data carries one of these prefixes. */
const HELD_OUT = /^(eval|val|valid|validation|dev|test)[_/]/i
const HELD_OUT_LOSS = /^(eval|val|valid|validation|dev)[_/]loss(_epoch)?$/i
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
  return HELD_OUT.test(name)
}

/** Whether a name stands for single batches of an evaluation, which no step can be told of. */
export function isOfABatch(name: string): boolean {
  return HELD_OUT.test(name) && OF_A_BATCH.test(name)
}

/** The one name of a held-out measure: the loss is `eval_loss` in every program. */
export function heldOutName(name: string): string {
  return HELD_OUT_LOSS.test(name) ? 'eval_loss' : name.replace(/^eval\//, 'eval_')
}

/** Which of these names is the training's own loss; undefined where none is. */
export function trainingLossAmong(names: readonly string[]): string | undefined {
  return TRAINING_LOSS.find((name) => names.includes(name))
}
