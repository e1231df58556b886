import { expect, test } from 'vitest'
import { heldOutName, isHeldOut } from './names.ts'

test.each([
  ...[
    'eval_loss',
    'val/loss',
    'Loss/val',
    'Validation Loss',
    'val.loss',
    'loss_val',
    'val_loss_epoch',
  ],
  ...['lm loss validation', 'loss/validation/epoch_average', 'valid_loss', 'validation/lm loss'],
])('%s is the held-out loss', (name) => {
  expect(isHeldOut(name)).toBe(true)
  expect(heldOutName(name)).toBe('eval_loss')
})

test.each([
  ...['Valid MSE', 'metrics/mAP50-95(B)', 'val-core/gsm8k/reward/mean@1', 'validation_metrics/acc'],
  ...['coco/bbox_mAP', 'bbox/AP', 'val/box_loss', 'test_loss', 'lm loss validation ppl', 'val_acc'],
])('%s is held out under its own name', (name) => {
  expect(isHeldOut(name)).toBe(true)
  expect(heldOutName(name)).toBe(name)
})

test.each([
  'loss',
  'train_loss',
  'metrics/train/F1',
  'lr',
  'time/val',
  'evaluate',
  'interval_loss',
  'data_time',
])('%s is not held out', (name) => {
  expect(isHeldOut(name)).toBe(false)
})

test.each(['valLoss', 'valloss', 'ValLoss', 'validationLoss', 'loss (val)', 'heldout_loss'])(
  '%s is a held-out loss',
  (name) => {
    expect([isHeldOut(name), heldOutName(name)]).toEqual([true, 'eval_loss'])
  },
)

test.each(['valence', 'value', 'validity', 'development', 'valueLoss', 'evaluation'])(
  '%s is not held-out',
  (name) => expect(isHeldOut(name)).toBe(false),
)
