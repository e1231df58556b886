import { expect, test } from 'vitest'
import { readJsonLine } from './jsonLines.ts'
import { readCountedLine } from './textLines.ts'

test.each([
  ['Step 00500 | Validation bpb: 1.0200', { step: 500, evaluation: { 'Validation bpb': 1.02 } }],
  ['Step 200 | val_loss:1.41', { step: 200, evaluation: { eval_loss: 1.41 } }],
  [
    'Step 12 | loss:2.152 lr:2e-05 grad_norm:1.2',
    { step: 12, metrics: { loss: 2.152, grad_norm: 1.2 } },
  ],
  [
    ' validation loss at iteration 500 | lm loss value: 3.600000E+00 | lm loss PPL: 3.65E+01 | ',
    { step: 500, evaluation: { eval_loss: 3.6 } },
  ],
  [
    'step:20 - actor/pg_loss:0.1 - val-core/gsm8k/reward/mean@1:0.44',
    { step: 20, evaluation: { 'val-core/gsm8k/reward/mean@1': 0.44 } },
  ],
  ['[eval] iter 250: train 3.9 val 4.1', { step: 250, evaluation: { eval_loss: 4.1 } }],
  ['250 val 4.23', { step: 250, evaluation: { eval_loss: 4.23 } }],
  ['s:250 tel:4.2300', { step: 250, evaluation: { eval_loss: 4.23 } }],
  [
    'Epoch 3/10, Train Loss: 0.51, Val Loss: 0.62, Val Acc: 0.8',
    { epoch: 3, total_epochs: 10, evaluation: { eval_loss: 0.62, 'Val Acc': 0.8 } },
  ],
  ['Epoch [3/10] train loss 0.5, valid loss 0.6', { epoch: 3, evaluation: { eval_loss: 0.6 } }],
  [
    "| epoch 004 | valid on 'valid' subset | loss 4.22 | ppl 18.6 | num_updates 2000",
    { epoch: 4, step: 2000, evaluation: { eval_loss: 4.22 } },
  ],
  [
    '2026-11-20 10:00:00,123 - INFO - Epoch: 2 | train_loss: 0.9 | val_loss: 0.7',
    { epoch: 2, evaluation: { eval_loss: 0.7 } },
  ],
  [
    '2026-11-20 10:00:00,123 train INFO: Epoch[3] Validation Results - Accuracy: 0.9 Loss: 0.4',
    { epoch: 3, evaluation: { eval_loss: 0.4, 'validation Accuracy': 0.9 } },
  ],
  ['step 100 | loss 0.5 | vloss 0.61', { step: 100, evaluation: { eval_loss: 0.61 } }],
  [
    'step 100 | vloss: 0.61 | entropy: 0.1',
    { step: 100, metrics: { vloss: 0.61 }, evaluation: {} },
  ],
  ['Epoch 3 - Train loss 0.4 - validation of the data: 0.5', { epoch: 3 }],
  [
    '2026-11-20 10:00:00,123 INFO [loop.py:88] (0/2) Epoch 2, validation: loss=0.42, ctc_loss=0.3, over 90 frames. ',
    { epoch: 2, metrics: {}, evaluation: { eval_loss: 0.42, 'validation ctc_loss': 0.3 } },
  ],
  ['Epoch 2, loss: 0.9, validation: acc=0.5', { epoch: 2, metrics: { loss: 0.9 } }],
  [
    '[2026-11-20 10:00:00] [valid] Ep. 2 : Up. 700 : cross-entropy : 51.5 : stalled 1 times (last best: 50.1)',
    { step: 700, epoch: 2, evaluation: { 'validation cross-entropy': 51.5 } },
  ],
])('the line %j is read', (line, reading) => {
  expect(readCountedLine(line)).toMatchObject(reading)
})

test.each([
  ['epoch: 3, eval_loss: 0,4532, eval_acc: 0,91', { eval_loss: 0.4532, eval_acc: 0.91 }],
  ['Epoch 2 | val_loss 2,718 | val_acc 0,5', { eval_loss: 2.718, val_acc: 0.5 }],
  ['Epoch 2: val_loss: 1,234.5, val_acc: 0.5', { eval_loss: 1234.5, val_acc: 0.5 }],
  ['Epoch 2: val_ppl: 1,234, val_loss: 7.1', { val_ppl: 1234, eval_loss: 7.1 }],
  ['Epoch 2: val_loss: 3, val_acc: 4', { eval_loss: 3, val_acc: 4 }],
  ['Epoch 2: val_folds: 0,1,2, val_loss: 0.5', { eval_loss: 0.5 }],
])('a comma in a number of the line %j is not the end of the number', (line, evaluation) => {
  expect(readCountedLine(line)?.evaluation).toEqual(evaluation)
})

test('a printed count may have commas between thousands', () => {
  expect(readCountedLine('step 12,000/100,000: val_loss 0.4')).toMatchObject({
    step: 12_000,
    total_steps: 100_000,
  })
  expect(readCountedLine('step 12, val_loss 0.4')).toMatchObject({ step: 12, total_steps: null })
})

test.each(['Loading 3 workers', 'epoch 3 begins', 'step 1: see the manual', '', 'loss: 0.5'])(
  'the line %j has no measurement of a step',
  (line) => {
    expect(readCountedLine(line)).toBeUndefined()
  },
)

test.each([
  [
    '[2026-11-20 10:04:30,000][valid][INFO] - {"epoch": 4, "valid_loss": "4.22", "valid_num_updates": "2000"}',
    { epoch: 4, step: 2000, evaluation: { eval_loss: 4.22 } },
  ],
  [
    '{"iteration": 4999, "bbox/AP": 31.2, "total_loss": 1.4}',
    { step: 4999, evaluation: { 'bbox/AP': 31.2 } },
  ],
  [
    '{"epoch": 1, "val": {"loss": 0.5, "acc": 0.9}}',
    { epoch: 1, evaluation: { eval_loss: 0.5, 'val/acc': 0.9 } },
  ],
  [
    '{"epoch": 0, "test_coco_eval_bbox": [0.4, 0.6, 0.5, 0.1, 0.2, 0.3]}',
    { epoch: 0, evaluation: { 'test_coco_eval_bbox/AP': 0.4 } },
  ],
])('the line %j is read', (line, reading) => {
  expect(readJsonLine(line)).toMatchObject(reading)
})

test('a line that counts batches and optimiser steps has the step of the optimiser', () => {
  for (const line of [
    'iter 151 | update 58 | loss 0.5',
    'step 151/600 global_step 58 loss: 0.5',
    'batch 3, iteration: 151, optimizer step: 58, val_loss=0.5',
  ])
    expect(readCountedLine(line)?.step, line).toBe(58)
  expect(readCountedLine('step 151 | loss 0.5')?.step).toBe(151)
  const both = { iter: 151, step: 151, optimizer_step: 58, loss: 0.5 }
  expect(readJsonLine(JSON.stringify(both))?.step).toBe(58)
})
