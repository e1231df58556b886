import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

/** The best checkpoint of some files, and the steps of all. */
async function read(files: Readonly<Record<string, string | Uint8Array>>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { root, events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  const path = best?.path == null ? undefined : join(root, best.path).slice(folder.path.length + 1)
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  return { best: [path, best?.step, metric, best?.value], steps, rows }
}

const NUMBERS = [1, 2, 3]
const VALUES = [0.9, 0.5, 0.7]
const lines = (line: (number: number, value: number) => string): string =>
  NUMBERS.map((number, index) => `${line(number, VALUES[index] ?? NaN)}\n`).join('')
const models = (name: (number: number) => string) =>
  Object.fromEntries(NUMBERS.map((number) => [name(number), torchFile({})]))

test('a file of evaluations may repeat training values without a second training', async () => {
  const training = Array.from({ length: 30 }, (_, index) => {
    return `${JSON.stringify({ step: 10 * (index + 1), loss: 1 })}\n`
  })
  const evaluations = lines((number, eval_loss) =>
    JSON.stringify({ step: 100 * number, train_loss: 1, eval_loss, perplexity: 2 }),
  )
  const { best, rows } = await read({
    ...models((number) => `checkpoint_${number}00.pt`),
    'metrics.train.jsonl': training.join(''),
    'metrics.eval.jsonl': evaluations,
  })
  expect(best).toEqual(['checkpoint_200.pt', 200, 'eval_loss', 0.5])
  expect(new Set(rows.evaluations.map(({ attempt }) => attempt))).toEqual(new Set([0]))
  expect(rows.evaluations[0]?.values).toEqual({ eval_loss: 0.9, eval_perplexity: 2 })
})

test('a count with its total in brackets at the beginning of a line is the step', async () => {
  const log = lines((number, value) => `[${number}000/3000] Train loss: 1, Valid loss: ${value}`)
  expect((await read({ ...models((n) => `iter_${n}000.pth`), 'log_train.txt': log })).best).toEqual(
    ['iter_2000.pth', 2000, 'eval_loss', 0.5],
  )
})

test('a count in brackets that begins again counts batches, so it is no step', async () => {
  const batches = lines((number, value) => `[${number}/3] val_loss: ${value}`)
  const { rows } = await read({
    ...models((number) => `epoch_${number}.pth`),
    'train.log': `${batches}${batches}`,
    'table.csv': `epoch,val_loss\n${lines((number, value) => `${number},${value}`)}`,
  })
  expect(rows.evaluations.map(({ step }) => step)).toEqual(NUMBERS)
})

test('a line about the best epoch so far is no value of that epoch', async () => {
  const log = lines(
    (number, value) =>
      `epoch ${number} average loss: 0.5\ncurrent epoch: ${number} current mean dice: ${1 - value}\n` +
      `best mean dice: 0.5 at epoch: ${Math.min(number, 2)}`,
  )
  const { best, rows } = await read({ 'best_metric_model.pth': torchFile({}), 'train.log': log })
  expect(best).toEqual(['best_metric_model.pth', 2, 'validation mean dice', 0.5])
  expect(new Set(rows.evaluations.map(({ attempt }) => attempt))).toEqual(new Set([0]))
})

test('files that keep the best by different metrics each have the step of theirs', async () => {
  const table = 'epoch,val_f1,val_auc\n1,0.5,0.9\n2,0.8,0.7\n3,0.6,0.8\n'
  const { steps } = await read({
    'best_f1.pt': torchFile({ f1: 1 }),
    'best_auc.pt': torchFile({ auc: 1 }, 3),
    'log.csv': table,
  })
  expect(steps).toEqual({ 'best_f1.pt': 2, 'best_auc.pt': 1 })
})

test('a line may begin an epoch and hold other facts, but not if it is about another epoch', async () => {
  const log = lines(
    (number, value) =>
      `Epoch: 0${number} | Epoch Time: 0m 10s\n\tTrain Loss: 1.0 | Train Acc: 70.00%\n` +
      `\t Val. Loss: ${value} |  Val. Acc: 70.00%\nEpoch 1 was the best\n`,
  )
  expect((await read({ ...models((n) => `tut-epoch${n}.pt`), 'nohup.out': log })).best).toEqual([
    'tut-epoch2.pt',
    ...[2, 'eval_loss', 0.5],
  ])
})

test("Darknet's and MXNet's logs and weights are read", async () => {
  const darknet = lines(
    (number, value) =>
      ` ${number}000: 1.234567, 1.3 avg loss, 0.001 rate, 3.1 seconds, 64 images, 1.0 hours left\n\n` +
      ` mean average precision (mAP@0.50) = ${1 - value}, or ${100 - 100 * value} % `,
  )
  const yolo = (number: number) => `backup/yolov4_${number}000.weights`
  expect((await read({ ...models(yolo), 'train.log': darknet })).best).toEqual([
    'backup/yolov4_2000.weights',
    ...[2000, 'val_mAP@0.50', 0.5],
  ])
  const mxnet = lines(
    (number, value) =>
      `INFO:root:Epoch[${number - 1}] Train-accuracy=0.9\n` +
      `INFO:root:Saved checkpoint to "mlp-000${number}.params"\n` +
      `INFO:root:Epoch[${number - 1}] Validation-accuracy=${1 - value}`,
  )
  const mlp = (number: number) => `mlp-000${number}.params`
  expect((await read({ ...models(mlp), 'train.log': mxnet })).best).toEqual([
    'mlp-0002.params',
    ...[2, 'Validation-accuracy', 0.5],
  ])
})

test('a numbered folder with its own log is a run, not a checkpoint', async () => {
  const run = (seed: number) => ({
    [`results/net/${seed}/train_log.txt`]: lines(
      (number, value) => `epoch: ${number}, lr: 1e-3 - train loss: 1 - valid loss: ${value}`,
    ),
    ...models((number) => `results/net/${seed}/save/epoch_${number}/model.ckpt`),
  })
  expect((await read(run(2602))).best).toEqual([
    'results/net/2602/save/epoch_2',
    ...[2, 'eval_loss', 0.5],
  ])
  await expect(read({ ...run(2602), ...run(2603) })).rejects.toThrow(
    'Runs below it: results/net/2602, results/net/2603.',
  )
})
