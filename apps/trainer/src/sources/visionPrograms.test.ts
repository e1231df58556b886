import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'

// Each folder is written as the source of its program writes it; the numbers are made up.

const SCORES = [0.2, 0.5, 0.7, 0.6]
const perEpoch = (line: (epoch: number, score: number) => string): string =>
  SCORES.map((score, epoch) => line(epoch, score)).join('')

/** A row of `results.txt` of YOLOv7: `'%10s' * 2 + '%10.4g' * 13`. */
const yoloRow = (epoch: number, results: readonly number[]): string =>
  [`${epoch}/3`, '5.31G', 0.0655, 0.0206, 0.0211, 0.1073, 35, 640, ...results]
    .map((cell) => String(cell).padStart(10))
    .join('') + '\n'

test("YOLOv7's results have no head, and its fitness decides", async () => {
  const results = perEpoch((epoch, map) =>
    yoloRow(epoch, [0.3, 0.4, map, map / 2, 0.05, 0.018, 0.015]),
  )
  const names = [0, 1, 2, 3].map((epoch) => `weights/epoch_00${epoch}.pt`)
  const saved = Object.fromEntries(names.map((name, epoch) => [name, torchFile({ epoch })]))
  const { best, steps } = await readFolder({
    'results.txt': results,
    ...saved,
    'weights/best.pt': torchFile({ epoch: -1 }),
    'weights/init.pt': torchFile({}),
  })
  // 0.1 · 0.7 + 0.9 · 0.35
  expect(best).toEqual(['weights/epoch_002.pt', 3, 'fitness', 0.385])
  expect(steps).toMatchObject({ 'weights/best.pt': 3, 'weights/init.pt': null })
})

test('a row of YOLOv3 has the F1 and no fitness', async () => {
  const { rows } = await readFolder({
    'results.txt': yoloRow(0, [0.5, 0.25, 0.4, 0.3333, 0.05, 0.018, 0.015]),
  })
  const [first] = rows.evaluations
  expect(Object.keys(first?.values ?? {})).toContain('metrics/F1')
  expect(Object.keys(first?.values ?? {})).not.toContain('fitness')
})

test("BasicSR's validation is a block of lines, and the discriminator is no checkpoint", async () => {
  const at = '2026-11-20 10:00:00,123 INFO: '
  const log = [26.1, 28.1, 28]
    .map((psnr, index) => {
      const iter = 5000 * (index + 1)
      // The last iteration that was printed is before that of the validation.
      const printed = (iter - 100).toLocaleString('en').padStart(8)
      const best = index === 0 ? '26.1000 @ 5000' : '28.1000 @ 10000'
      return `${at}[EDSR_..][epoch:  ${index}, iter:${printed}, lr:(1.000e-04,)] [eta: 1 day, 2:00:00, time (data): 0.100 (0.002)] l_pix: 1.2345e-02 \n${at}Validation Set5\n\t # psnr: ${psnr.toFixed(4)}\tBest: ${best} iter\n\n`
    })
    .join('')
  const saved = [5000, 10000, 15000].flatMap((iter) => [
    `models/net_d_${iter}.pth`,
    `models/net_g_${iter}.pth`,
  ])
  const { best, steps } = await readFolder({
    'train_EDSR_20261120_100000.log': log,
    ...weights(saved),
  })
  expect(best).toEqual(['models/net_g_10000.pth', 10000, 'eval_psnr', 28.1])
  expect(Object.keys(steps).join()).not.toContain('net_d')
})

test("Swin's printed epochs count from 0, and the printed configuration is no record", async () => {
  const at = (line: number) => `[2026-11-20 10:00:00 swin_tiny] (main.py ${line}): INFO `
  const log = perEpoch((epoch, score) => {
    const batches = [0, 10].map(
      (batch) =>
        `${at(229)}Train: [${epoch}/4][${batch}/20]\teta 0:00:10 lr 0.000100\t wd 0.0500\ttime 1.5000 (1.5000)\tloss 6.9000 (6.9000)\tgrad_norm 1.0000 (1.0000)\tmem 1000MB\n`,
    )
    const accuracy = (100 * score).toFixed(3)
    return `${batches.join('')}${at(237)}EPOCH ${epoch} training takes 0:00:30\n${at(274)}Test: [0/5]\tTime 1.000 (1.000)\tLoss 2.0000 (2.0000)\tAcc@1 99.000 (99.000)\tAcc@5 99.000 (99.000)\tMem 1000MB\n${at(281)} * Acc@1 ${accuracy} Acc@5 95.000\n${at(162)}Accuracy of the network on the 50000 test images: ${(100 * score).toFixed(1)}%\n${at(164)}Max accuracy: 99.00%\n`
  })
  const names = [0, 1, 2, 3].map((epoch) => `ckpt_epoch_${epoch}.pth`)
  const saved = Object.fromEntries(names.map((name, epoch) => [name, torchFile({ epoch })]))
  const { best, rows } = await readFolder({
    'log_rank0.txt': `${at(353)}AMP_ENABLE: true\nTRAIN:\n  EPOCHS: 4\n\n${log}`,
    ...saved,
  })
  expect(best).toEqual(['ckpt_epoch_2.pth', 3, 'val_acc1', 70])
  expect(rows.evaluations.map(({ step, values }) => [step, Object.keys(values)])).toEqual(
    [1, 2, 3, 4].map((step) => [step, ['val_acc1', 'val_acc5']]),
  )
})

/** A part of what COCOeval prints. */
const cocoSummary = (ap: number): string =>
  [
    ['Precision', 'AP', '0.50:0.95', '   all', 100, ap],
    ['Precision', 'AP', '0.50     ', '   all', 100, ap + 0.2],
    ['Precision', 'AP', '0.50:0.95', ' small', 100, -1],
    ['Recall   ', 'AR', '0.50:0.95', '   all', 10, 0.9],
  ]
    .map(
      ([word, letters, iou, area, most, value]) =>
        ` Average ${word}  (${letters}) @[ IoU=${iou} | area=${area} | maxDets=${String(most).padStart(3)} ] = ${Number(value).toFixed(3)}\n`,
    )
    .join('')

test("COCO's summary belongs to the epoch before it, as YOLOX prints it", async () => {
  const at = (place: string) =>
    `2026-11-20 10:00:00.123 | INFO     | yolox.core.trainer:${place} - `
  const log = perEpoch((index, ap) => {
    const epoch = index + 1
    const batches = [10, 20].map(
      (iter) =>
        `${at('after_iter:250')}epoch: ${epoch}/4, iter: ${iter}/20, gpu mem: 1000Mb, mem: 5.0Gb, iter_time: 0.500s, data_time: 0.001s, total_loss: 11.1, iou_loss: 3.1, lr: 1.000e-03, size: 640, ETA: 0:10:00\n`,
    )
    return `${at('before_epoch:197')}---> start train epoch${epoch}\n${batches.join('')}${at('evaluate_and_save_model:360')}\nAverage forward time: 5.00 ms, Average NMS time: 1.00 ms, Average inference time: 6.00 ms\n${cocoSummary(ap)}\n`
  })
  const names = [1, 2, 3, 4].map((epoch) => [`epoch_${epoch}_ckpt.pth`, epoch] as const)
  const saved = Object.fromEntries(
    [...names, ['best_ckpt.pth', 3] as const, ['latest_ckpt.pth', 4] as const].map(
      ([name, start_epoch]) => [name, torchFile({ start_epoch })],
    ),
  )
  const { best, rows, steps } = await readFolder({ 'train_log.txt': log, ...saved })
  expect(best).toEqual(['epoch_3_ckpt.pth', 3, 'coco/AP', 0.7])
  const third = rows.evaluations.filter(({ step }) => step === 3).map(({ values }) => values)
  expect(Object.assign({}, ...third)).toEqual({
    'coco/AP': 0.7,
    'coco/AP50': 0.9,
    'coco/AR@10': 0.9,
  })
  expect(steps).toMatchObject({ 'best_ckpt.pth': 3, 'latest_ckpt.pth': 4 })
})

test('the kind of outputs before a summary of COCO is part of its names', async () => {
  const log = perEpoch(
    (epoch, ap) =>
      `Epoch: [${epoch}]  [ 0/50]  eta: 0:10:00  lr: 0.1  loss: 6.0 (6.1)\nIoU metric: bbox\n${cocoSummary(ap)}IoU metric: segm\n${cocoSummary(ap / 2)}`,
  )
  const saved = weights([0, 1, 2, 3].map((epoch) => `model_${epoch}.pth`))
  expect(await bestOf({ 'log.txt': log, ...saved })).toEqual(['model_2.pth', 3, 'bbox/AP', 0.7])
})

test.each([
  ['PyTorch’s ImageNet example', ' Acc@5 90.000'],
  ['a program with the first accuracy alone', ''],
])('the accuracy after an epoch decides, as in %s', async (_program, fifth) => {
  const log = perEpoch(
    (epoch, score) =>
      `Epoch: [${epoch}][  1/391]\tTime  0.100 ( 0.100)\tData  0.050 ( 0.050)\tLoss 6.9000e+00 (6.9000e+00)\tAcc@1   0.00 (  0.10)\tAcc@5   1.00 (  1.10)\nTest: [ 1/20]\tTime  0.100 ( 0.100)\tLoss 2.9000e+00 (2.9000e+00)\tAcc@1  99.00 ( 99.00)\tAcc@5  99.00 ( 99.00)\n * Acc@1 ${(100 * score).toFixed(3)}${fifth}\n`,
  )
  const best = await bestOf({
    'train.log': log,
    'checkpoint.pth.tar': torchFile({ epoch: 4 }),
    'model_best.pth.tar': torchFile({ epoch: 3 }),
  })
  expect(best).toEqual(['model_best.pth.tar', 3, 'val_acc1', 70])
})
