import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'

// Each log is written as its program prints it; the numbers are made up.

test("PyTorch's tutorial prints a heading, then all values of the test in one line", async () => {
  const log = [50, 80, 75]
    .map((accuracy, at) => {
      const batch = 'loss: 2.303494  [   64/60000]\n'
      const values = ` Accuracy: ${accuracy}.0%, Avg loss: 0.${9 - at}00000 \n\n`
      return `Epoch ${at + 1}\n-------------------------------\n${batch}Test Error: \n${values}`
    })
    .join('')
  const saved = weights(['model_1.pth', 'model_2.pth', 'model_3.pth'])
  const { best, steps } = await readFolder({ 'log.txt': `${log}Done!\n`, ...saved })
  expect(best).toEqual(['model_2.pth', 2, 'test_Accuracy', 80])
  expect(Object.values(steps)).toEqual([1, 2, 3])
})

const SCORES = [0.3, 0.41, 0.39]

test("mmengine's printed log counts the batches of an epoch, and an evaluation belongs to the last", async () => {
  const at = '2026/11/20 10:00:00 - mmengine - INFO - '
  const log = SCORES.map((score, index) => {
    const epoch = index + 1
    const trained = `${at}Epoch(train)  [${epoch}][100/100]  lr: 2.0000e-02  eta: 0:10:00  loss: 0.5\n`
    return `${trained}${at}Epoch(val) [${epoch}][50/50]    coco/bbox_mAP: ${score}  coco/bbox_mAP_50: 0.6  data_time: 0.01\n`
  }).join('')
  const saved = [1, 2, 3].map((epoch) => {
    return [`epoch_${epoch}.pth`, torchFile({ meta: { epoch, iter: 100 * epoch } })] as const
  })
  const name = '20261120_100000/20261120_100000.log'
  const best = await bestOf({ [name]: log, ...Object.fromEntries(saved) })
  expect(best).toEqual(['epoch_2.pth', 200, 'coco/bbox_mAP', 0.41])
})

test('mmcv 1 and training by steps print the same without the splits', async () => {
  const at = '2026-11-20 10:00:00,123 - mmseg - INFO - '
  const log = SCORES.map((score, index) => {
    const iter = 4000 * (index + 1)
    return `${at}Iter [${iter}/12000]\tlr: 2.0e-02, loss: 0.5\n${at}Iter(val) [50]\tmIoU: ${score}, aAcc: 0.9\n`
  }).join('')
  const saved = weights(['iter_4000.pth', 'iter_8000.pth', 'iter_12000.pth'])
  expect(await bestOf({ '20261120_100000.log': log, ...saved })).toEqual([
    'iter_8000.pth',
    8000,
    'mIoU',
    0.41,
  ])
})

test("detectron2's printed table is read, if its metrics.json is gone", async () => {
  const at = '[11/20 10:00:00 d2.evaluation.testing]: copypaste: '
  const log = [38.1, 36.2]
    .map((score, index) => {
      const iter = `[11/20 10:00:00 d2.utils.events]:  eta: 0:10:00  iter: ${10 * (index + 1) - 1}  total_loss: 0.8  lr: 0.02\n`
      return `${iter}${iter}${at}Task: bbox\n${at}AP,AP50,APs\n${at}${score},58.1,nan\n`
    })
    .join('')
  const saved = [9, 19].map((iteration) => {
    return [
      `model_00000${String(iteration).padStart(2, '0')}.pth`,
      torchFile({ iteration }),
    ] as const
  })
  const { best } = await readFolder({ 'log.txt': log, ...Object.fromEntries(saved) })
  expect(best).toEqual(['model_0000009.pth', 10, 'bbox/AP', 38.1])
})

test("fairseq's val_loss in weights is of the metric that decides, and its updates are the step", async () => {
  const log = [20.1, 24.9, 24.1]
    .map((bleu, index) => {
      const at = `2026-11-20 10:00:00 | INFO | valid | epoch 00${index + 1} | valid on 'valid' subset | loss 4.${index}`
      return `${at} | bleu ${bleu} | num_updates ${500 * (index + 1)} | best_bleu ${Math.max(bleu, index > 0 ? 24.9 : 0)}\n`
    })
    .join('')
  const saved = (num_updates: number, val_loss: number) => {
    return torchFile({
      optimizer_history: [{ num_updates }],
      extra_state: { val_loss, best: 24.9 },
    })
  }
  const { best, steps } = await readFolder({
    'train.log': log,
    'checkpoints/checkpoint_best.pt': saved(1000, 24.9),
    'checkpoints/checkpoint_last.pt': saved(1500, 24.1),
  })
  expect(best).toEqual(['checkpoints/checkpoint_best.pt', 1000, 'valid bleu', 24.9])
  expect(steps['checkpoints/checkpoint_last.pt']).toBe(1500)
})

const LOSSES = [6, 4, 5]

test.each([
  [
    'as a dictionary of Python',
    LOSSES.map((loss, at) => `{'epoch': ${at + 1}, 'train_loss': 9.5, 'val_loss': ${loss}.25}\n`),
  ],
  [
    'as a table with borders',
    [
      '┏━━━━━━━┳━━━━━━━━━━┓\n┃ epoch ┃ val_loss ┃\n┡━━━━━━━╇━━━━━━━━━━┩\n',
      ...LOSSES.map((loss, at) => `│ ${at + 1}     │ ${loss}.25     │\n`),
      '└───────┴──────────┘\n',
    ],
  ],
])('values may be printed %s', async (_form, lines) => {
  const saved = weights(['model_1.pt', 'model_2.pt', 'model_3.pt'])
  expect(await bestOf({ 'log.txt': lines.join(''), ...saved })).toEqual([
    'model_2.pt',
    2,
    'eval_loss',
    4.25,
  ])
})
