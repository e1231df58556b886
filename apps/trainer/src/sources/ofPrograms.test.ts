import { copyFile, cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile, zip } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

/** What real runs wrote, beside the scripts that made them. */
const FIXTURES = fileURLToPath(new URL('fixtures/programs', import.meta.url))

// Each folder is written as its program's own source writes it; the numbers are made up.

const LOSSES = [0.9, 0.7, 0.75]

const lines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const weights = (names: readonly string[]): Record<string, Uint8Array> =>
  Object.fromEntries(names.map((name) => [name, torchFile({})]))

const perEpoch = (line: (epoch: number, loss: number) => string): string =>
  LOSSES.map((loss, index) => line(index + 1, loss)).join('')

async function bestOf(files: Readonly<Record<string, string | Uint8Array>>, below = '.') {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { events } = await readRun(join(folder.path, below))
  const { best, metric } = select({ policy: 'as_declared', ...rowsFrom(events) })
  return [best?.path, best?.step, metric, best?.value]
}

test('a record with a split needs no prefix in its metric names', async () => {
  const rows = [
    { type: 'train', step: 50, loss: 1 },
    ...[100, 200, 300].map((step, index) => ({ type: 'eval', step, loss: LOSSES[index] })),
  ]
  const saved = weights(['checkpoint_100.pt', 'checkpoint_200.pt', 'checkpoint_300.pt'])
  expect(await bestOf({ 'log.jsonl': lines(rows), ...saved })).toEqual([
    'checkpoint_200.pt',
    200,
    'eval_loss',
    0.7,
  ])
})

test('iterations that restart in each epoch are batches, as in the JSON log of mmcv', async () => {
  const rows = LOSSES.flatMap((loss, index) => {
    const epoch = index + 1
    return [
      ...[50, 100].map((iter) => ({ mode: 'train', epoch, iter, lr: 0.02, loss })),
      { mode: 'val', epoch, iter: 100, lr: 0.02, bbox_mAP: 1 - loss },
    ]
  })
  const saved = weights(['epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth'])
  const best = await bestOf({ '20261120_100000.log.json': lines(rows), ...saved })
  expect(best.slice(0, 3)).toEqual(['epoch_2.pth', 2, 'bbox_mAP'])
})

test('steps that restart in each epoch are batches, in a text log', async () => {
  const log = perEpoch((epoch, loss) => {
    const steps = [100, 200].map(
      (step) => `INFO - Epoch [${epoch}/3] Step [${step}/200] Loss: 1.0\n`,
    )
    return `${steps.join('')}INFO - Epoch [${epoch}/3] Validation loss: ${loss}\n`
  })
  const saved = weights(['epoch1.pt', 'epoch2.pt', 'epoch3.pt'])
  expect(await bestOf({ 'train.log': log, ...saved })).toEqual(['epoch2.pt', 2, 'eval_loss', 0.7])
})

test.each([
  [
    'mIoU',
    [
      { step: 1000, mIoU: 50 },
      { step: 2000, mIoU: 61 },
      { step: 3000, mIoU: 60 },
    ],
  ],
  [
    'accuracy/top1',
    [1000, 2000, 3000].map((step) => ({ step, 'accuracy/top1': [70, 75, 74][step / 1000 - 1] })),
  ],
])(
  'a record of mmengine without a loss or a rate is an evaluation, which goes by %s',
  async (metric, measured) => {
    const rows = measured.flatMap((one) => [
      { lr: 0.01, data_time: 0.1, loss: 1, time: 0.2, iter: one.step, step: one.step },
      { ...one, data_time: 0.1, time: 0.2 },
    ])
    const saved = weights(['iter_1000.pth', 'iter_2000.pth', 'iter_3000.pth'])
    const best = await bestOf({ '20261120_100000/vis_data/scalars.json': lines(rows), ...saved })
    expect(best.slice(0, 3)).toEqual(['iter_2000.pth', 2000, metric])
  },
)

test('a record that names a checkpoint gives its step, even if the name has another number', async () => {
  const losses = [0.9, 0.8, 0.7, 0.6, 0.75, 0.85]
  const rows = losses.map((val_loss, index) => {
    const iteration = { val_loss, training_iteration: index + 1, trial_id: 'a' }
    const saved = `checkpoint_00000${(index - 1) / 2}`
    return index % 2 === 1 ? { ...iteration, checkpoint_dir_name: saved } : iteration
  })
  const saved = weights([0, 1, 2].map((index) => `checkpoint_00000${index}/model.pt`))
  expect(await bestOf({ 'result.json': lines(rows), ...saved })).toEqual([
    'checkpoint_000001',
    4,
    'eval_loss',
    0.6,
  ])
})

test.each([
  ['lists of values by name', { loss: [1, 1, 1], val_loss: LOSSES }],
  ['a list of records', LOSSES.map((val_loss, index) => ({ epoch: index + 1, loss: 1, val_loss }))],
  ['an object that holds them', { args: {}, history: { loss: [1, 1, 1], val_loss: LOSSES } }],
])('a JSON document is a log: %s', async (_kind, document) => {
  const text = JSON.stringify(document, null, 2)
  const saved = weights(['model_1.pt', 'model_2.pt', 'model_3.pt'])
  expect(await bestOf({ 'history.json': text, ...saved })).toEqual([
    'model_2.pt',
    2,
    'eval_loss',
    0.7,
  ])
})

test('a JSON document per epoch is a log, as AllenNLP writes it with completed epochs in names', async () => {
  const logs = LOSSES.map((validation_loss, epoch) => {
    const text = JSON.stringify({ epoch, training_loss: 1, validation_loss }, null, 4)
    return [`metrics_epoch_${epoch}.json`, text]
  })
  const saved = weights(['model_state_e2_b0.th', 'model_state_e2_b50.th'])
  expect(await bestOf({ ...Object.fromEntries(logs), ...saved })).toEqual([
    'model_state_e2_b0.th',
    2,
    'eval_loss',
    0.7,
  ])
})

test('a line without a count belongs to the last line with one', async () => {
  const log = perEpoch(
    (epoch, loss) =>
      `Epoch ${epoch}/3\n  train loss: 0.5 | val loss: ${loss}\n  best val loss: 0.1\n`,
  )
  const saved = weights(['model_1.pt', 'model_2.pt', 'model_3.pt'])
  expect(await bestOf({ 'train.log': `${log}Test loss: 0.01\n`, ...saved })).toEqual([
    'model_2.pt',
    2,
    'eval_loss',
    0.7,
  ])
})

test('a test set after each epoch decides if there is no other held-out data', async () => {
  const log = perEpoch(
    (epoch, loss) =>
      `Train Epoch: ${epoch} [0/60000 (0%)]\tLoss: 1.0\n\nTest set: Average loss: ${loss}, Accuracy: 9000/10000 (90%)\n\n`,
  )
  const saved = weights(['mnist_1.pt', 'mnist_2.pt', 'mnist_3.pt'])
  const best = await bestOf({ 'train.log': log, ...saved })
  expect(best).toEqual(['mnist_2.pt', 2, 'test Average loss', 0.7])
})

test("torchvision's summary accuracy belongs to the epoch before it, and batch values are ignored", async () => {
  const log = [50, 60, 58]
    .map(
      (accuracy, epoch) =>
        `Epoch: [${epoch}]  [ 0/50]  eta: 0:10:00  lr: 0.1  loss: 6.0 (6.1)\nTest:   [ 0/20]  loss: 1.1 (1.1)\nTest:  Acc@1 ${accuracy}.000 Acc@5 80.000\n`,
    )
    .join('')
  const best = await bestOf({
    'log.txt': log,
    ...weights(['model_0.pth', 'model_1.pth', 'model_2.pth']),
  })
  expect(best).toEqual(['model_1.pth', 2, 'val_acc1', 60])
})

test("PaddlePaddle's current metric belongs to the epoch before it, and its best metric is a repetition", async () => {
  const log = [0.4, 0.7, 0.6]
    .map(
      (acc, index) =>
        `[2026/11/20 10:00:00] ppocr INFO: epoch: [${index + 1}/3], global_step: ${100 * (index + 1)}, acc: 0.9, loss: 1.5, ips: 30.0 samples/s\n` +
        `[2026/11/20 10:00:01] ppocr INFO: cur metric, acc: ${acc}, fps: 90.1\n` +
        `[2026/11/20 10:00:02] ppocr INFO: best metric, acc: 0.7, fps: 90.1, best_epoch: 2\n`,
    )
    .join('')
  const saved = weights([1, 2, 3].map((epoch) => `iter_epoch_${epoch}.pdparams`))
  const best = await bestOf({ 'train.log': log, ...saved })
  expect(best).toEqual(['iter_epoch_2.pdparams', 200, 'eval_acc', 0.7])
})

test('a log whose name ends in its time is a log', async () => {
  const log = perEpoch((epoch, loss) => `Epoch ${epoch}, validation: loss=${loss}\n`)
  const saved = weights([1, 2, 3].map((epoch) => `epoch-${epoch}.pt`))
  const best = await bestOf({ 'log/log-train-2026-11-20-10-00-00': log, ...saved })
  expect(best).toEqual(['epoch-2.pt', 2, 'eval_loss', 0.7])
})

test("ESPnet's epoch results are read, and best_model_criterion decides", async () => {
  const log = [0.8, 0.85, 0.83]
    .map(
      (acc, index) =>
        `[host] 2026-11-20 10:20:00,123 (trainer:357) INFO: ${index + 1}epoch results: [train] iter_time=1e-04, loss=1.0, time=5 minutes and 3.2 seconds, [valid] acc=${acc}, wer=0.${3 - index}, loss=${LOSSES[index]}, time=20 seconds, total_count=20\n`,
    )
    .join('')
  const best = await bestOf({
    'train.log': log,
    'config.yaml': 'best_model_criterion:\n-   - valid\n    - acc\n    - max\n',
    ...weights(['1epoch.pth', '2epoch.pth', '3epoch.pth', 'checkpoint.pth']),
  })
  expect(best).toEqual(['2epoch.pth', 2, 'valid/acc', 0.85])
})

test('a log that records the best value of one metric decides by it, as fairseq does', async () => {
  const log = [20, 26, 27.5]
    .map(
      (bleu, index) =>
        `2026-11-20 10:10:00 | INFO | valid | epoch 00${index + 1} | valid on 'valid' subset | loss ${LOSSES[index]} | bleu ${bleu} | num_updates ${index * 500 + 500} | best_bleu ${bleu}\n`,
    )
    .join('')
  const names = ['checkpoint1.pt', 'checkpoint2.pt', 'checkpoint3.pt'].map(
    (name) => `checkpoints/${name}`,
  )
  expect(await bestOf({ 'train.log': log, ...weights(names) })).toEqual([
    'checkpoints/checkpoint3.pt',
    1500,
    'valid bleu',
    27.5,
  ])
})

test('validation lines of torchtitan are read, with its prefix and colours', async () => {
  const prefix = '[rank0]:[titan] 2026-11-20 10:00:00,123 - root - INFO - '
  const log = [100, 200, 300]
    .map(
      (step, index) =>
        `${prefix}\u001B[31mstep: ${step}  \u001B[32mloss:  5.0000  \u001B[33mmemory:  1.20GiB\u001B[39m\n${prefix}\u001B[31mvalidate step: ${step}  \u001B[32mloss:  ${LOSSES[index]}  \u001B[33mmemory:  1.20GiB\u001B[39m\n`,
    )
    .join('')
  const saved = weights([100, 200, 300].map((step) => `step-${step}/model.pt`))
  expect(await bestOf({ 'train.log': log, ...saved })).toEqual(['step-200', 200, 'eval_loss', 0.7])
})

test('a table per split is one log', async () => {
  const table = (loss: (one: number) => number) =>
    `epoch,loss,acc\n${perEpoch((epoch, one) => `${epoch},${loss(one)},0.5\n`)}`
  const best = await bestOf({
    'train_log.csv': table(() => 1),
    'val_log.csv': table((one) => one),
    ...weights(['ep_1.pt', 'ep_2.pt', 'ep_3.pt']),
  })
  expect(best).toEqual(['ep_2.pt', 2, 'eval_loss', 0.7])
})

test("nnU-Net's Dice values are read as numpy 2 prints them", async () => {
  await using folder = await temporaryFolder()
  const at = '2026-11-20 10:00:00.123456: '
  await writeFiles(folder.path, {
    'training_log_2026_11_20_10_00_00.txt': `${at}Epoch 0 \n${at}val_loss -0.1 \n${at}Pseudo dice [np.float32(0.5), np.float32(0.7)] \n`,
  })
  const { events } = await readRun(folder.path)
  const measured = events.flatMap((event) => (event.type === 'evaluation' ? [event.values] : []))
  expect(measured).toContainEqual({ val_pseudo_dice: 0.6 })
})

test('the mean reward decides among the archives of Stable-Baselines3', async () => {
  await using folder = await temporaryFolder()
  const policy = zip('', false, Buffer.from('weights'), 'policy.pth')
  const steps = [256, 512, 768, 1024]
  await writeFiles(folder.path, {
    ...Object.fromEntries(steps.map((step) => [`rl_model_${step}_steps.zip`, policy])),
    'best_model.zip': policy,
    'data_1024_steps.zip': zip('', false, Buffer.from('data'), 'images.bin'),
  })
  await copyFile(join(FIXTURES, 'stable_baselines3.npz'), join(folder.path, 'evaluations.npz'))
  const { source, events } = await readRun(folder.path)
  expect(source).toBe('stable_baselines3')
  const { checkpoints, evaluations } = rowsFrom(events)
  expect(evaluations.map(({ step }) => step)).toEqual(steps)
  const highest = Math.max(...evaluations.map(({ values }) => Number(values['eval_mean_reward'])))
  const paths = checkpoints.map(({ path }) => path).join()
  expect(paths).not.toMatch(/data_1024_steps|evaluations\.npz/)
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ step: 1024, value: highest })
})

test("CatBoost's tables are one log, whose held-out set is in the name of its file", async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'catboost_info'), join(folder.path, 'catboost_info'), { recursive: true })
  await writeFiles(folder.path, { 'model.cbm': 'CBM1 and its trees' })
  const rows = rowsFrom((await readRun(folder.path)).events)
  expect(rows.evaluations).toHaveLength(30)
  const { missed_best, metric } = select({ policy: 'as_declared', ...rows })
  // The script printed this iteration, counted from 0, and this value.
  expect([metric, missed_best?.step]).toEqual(['eval_Logloss', 8])
  expect(missed_best?.value).toBeCloseTo(0.5585553, 6)
})
