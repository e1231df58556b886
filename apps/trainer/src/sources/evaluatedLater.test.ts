import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { readerWarnings } from './events/newEvents.ts'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

const LOSSES = [4, 3, 2, 2.5]
const EPOCHS = LOSSES.map((_, index) => `epoch_${index + 1}.pt`)

/** Reads a folder with weights. The times of `written` are minutes after each other, in this order. */
async function read(
  files: Readonly<Record<string, string>>,
  { names = EPOCHS, written = [] }: { names?: readonly string[]; written?: readonly string[] } = {},
) {
  await using folder = await temporaryFolder()
  const weights = Object.fromEntries(names.map((name) => [name, torchFile({})]))
  await writeFiles(folder.path, { ...weights, ...files })
  for (const [index, name] of written.entries()) {
    const at = 1_795_000_000 + 60 * index
    await utimes(join(folder.path, name), at, at)
  }
  const { events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  const steps = rows.evaluations.map(({ step }) => step)
  return { best: [best?.path, best?.step, metric], steps, warnings: readerWarnings(events) }
}

test('an evaluation of a later process, which calls it epoch 0, is no evaluation of the training', async () => {
  const records = LOSSES.map((val_loss, index) => ({ epoch: index + 1, train_loss: 1, val_loss }))
  const log = [...records, { epoch: 0, val_loss: 1.5 }].map((one) => `${JSON.stringify(one)}\n`)
  const found = await read({ 'log.jsonl': log.join('') })
  expect(found.best).toEqual(['epoch_3.pt', 3, 'eval_loss'])
  expect(found.steps).toEqual([1, 2, 3, 4])
  expect(found.warnings.join()).toContain(
    'Line 5 of log.jsonl has an evaluation without a training step: eval_loss 1.5. It is ignored',
  )
})

test('an evaluation before training is one of the training', async () => {
  const records = LOSSES.map((val_loss, index) => ({ step: 100 * index, val_loss }))
  const [first, ...others] = records.map((one, index) => {
    return JSON.stringify(index === 0 ? one : { ...one, train_loss: 1 })
  })
  const found = await read({ 'log.jsonl': `${first}\n${others.join('\n')}\n` })
  expect(found.steps).toEqual([0, 100, 200, 300])
})

test.each([
  ['that begins at 0', [0, 100]],
  ['whose first evaluation is before its first training value', [50, 100]],
])('a second training in a log %s keeps its evaluations', async (_, steps) => {
  const rows = (step: number) => [
    { step, train_loss: 1 },
    { step, val_loss: 1 },
  ]
  const evaluatedFirst = [{ step: 50, val_loss: 0.5 }, ...rows(100)]
  const again = steps[0] === 0 ? steps.flatMap(rows) : evaluatedFirst
  const log = [...[100, 200].flatMap(rows), ...again].map((one) => `${JSON.stringify(one)}\n`)
  const found = await read({ 'log.jsonl': log.join('') }, { names: [] })
  expect(found.steps).toEqual([100, 200, ...steps])
  expect(found.warnings.join()).not.toContain('It is ignored')
})

test('a log of only one evaluation at epoch 0, written after the training, is of another process', async () => {
  const train = LOSSES.map(
    (loss, index) => `Epoch ${index + 1}/4 train loss 1.0 val loss ${loss}\n`,
  )
  const files = { 'train.log': train.join(''), 'eval.log': 'Epoch 0 val loss 1.5 val acc 0.9\n' }
  const found = await read(files, { written: ['train.log', 'eval.log'] })
  expect([found.best, found.steps]).toEqual([
    ['epoch_3.pt', 3, 'eval_loss'],
    [1, 2, 3, 4],
  ])
})

test("NequIP's epochs count from 1, and the metric that its configuration names decides", async () => {
  const table = LOSSES.map(
    (loss, index) => ` ${index + 1},   0.005,   1.0,   ${loss},    ${1 + index / 10}\n`,
  )
  const found = await read(
    {
      'config.yaml': 'max_epochs: 4\nmetrics_key: validation_loss\n',
      'metrics_initialization.csv': ' epoch,   LR,  validation_loss\n  0,  0.005,  9.0\n',
      'metrics_epoch.csv': ` epoch,   LR,  training_loss,  validation_loss,  validation_f_mae\n${table.join('')}`,
    },
    { names: ['best_model.pth', 'last_model.pth'] },
  )
  expect(found.best.slice(0, 2)).toEqual(['best_model.pth', 3])
  expect(found.steps).toEqual([1, 2, 3, 4])
})

test('a line about the best epoch of a model repeats a value, as chemprop prints it', async () => {
  const log = LOSSES.map(
    (rmse, index) => `Epoch ${index}\nLoss = 1.0e-01\nValidation rmse = ${rmse}\n`,
  )
  const end = 'Model 0 best validation rmse = 2.000000 on epoch 2\n'
  const found = await read({ 'verbose.log': log.join('') + end })
  expect(found.best).toEqual(['epoch_3.pt', 3, 'Validation rmse'])
})

/** The log of chemprop 1 about one model, with its lines after the training. */
const CHEMPROP = [
  'Building model 0\n',
  ...LOSSES.map((rmse, index) => {
    const training = 'Loss = 1.0000e-01, PNorm = 35.0000, GNorm = 1.5000, lr_0 = 5.4000e-04'
    return `Epoch ${index}\n${training}\nValidation rmse = ${rmse.toFixed(6)}\n`
  }),
  'Model 0 best validation rmse = 2.000000 on epoch 2\n',
  'Model 0 test rmse = 0.900000\nEnsemble test rmse = 0.900000\n1-fold cross validation\n',
  '\tSeed 0 ==> test rmse = 0.900000\nOverall test rmse = 0.900000 +/- 0.000000\n',
].join('')

test('a test after training, whatever stands before the word, is none of the evaluations', async () => {
  const found = await read({ 'verbose.log': CHEMPROP })
  expect(found.best).toEqual(['epoch_3.pt', 3, 'Validation rmse'])
  expect(found.steps).toEqual([1, 2, 3, 4])
})

test("the number of chemprop's model is no step: its file is from the best epoch, if its time allows it", async () => {
  const files = { 'verbose.log': CHEMPROP }
  const names = ['fold_0/model_0/model.pt']
  const kept = await read(files, { names, written: [...names, 'verbose.log'] })
  expect(kept.best).toEqual([names[0], 3, 'Validation rmse'])
  const copied = await read(files, { names, written: ['verbose.log', ...names] })
  expect(copied.best[0]).toBeUndefined()
  const both = [...names, 'fold_0/model_1/model.pt']
  const members = await read(files, { names: both, written: [...both, 'verbose.log'] })
  expect(members.best[0]).toBeUndefined()
})
