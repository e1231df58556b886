import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

async function answerFor(files: Readonly<Record<string, string | Uint8Array>>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  return { rows, ...select({ policy: 'as_declared', ...rows }) }
}

const lines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

test('the usual metric of a program decides, as inferred', async () => {
  const log = [10, 20, 30].map((iteration, index) => ({
    iteration: iteration - 1,
    total_loss: 1,
    'bbox/AP': [30, 40, 35][index],
  }))
  const saved = ['model_0000009.pth', 'model_0000019.pth', 'model_0000029.pth']
  const { rows, metric, best, reason } = await answerFor({
    'metrics.json': lines(log),
    ...Object.fromEntries(saved.map((name) => [name, torchFile({})])),
  })
  expect([metric, best?.path]).toEqual(['bbox/AP', 'model_0000019.pth'])
  expect(rows.declaration.metric_is_inferred).toBe(true)
  expect(reason).toContain("Inferred from detectron2's measure of detection.")
})

test('if a log has only a test set, its accuracy decides, as inferred', async () => {
  const log = [0, 1, 2].map((epoch) => ({
    epoch,
    train_loss: 1,
    test_loss: [1, 2, 3][epoch],
    test_acc1: [50, 70, 60][epoch],
  }))
  const { rows, metric, best, reason } = await answerFor({
    'log.txt': lines(log),
    ...{ 'checkpoint-0.pth': torchFile({}), 'checkpoint-1.pth': torchFile({}) },
    'checkpoint-2.pth': torchFile({}),
  })
  expect([metric, best?.path]).toEqual(['test_acc1', 'checkpoint-1.pth'])
  expect(rows.declaration.metric_is_inferred).toBe(true)
  expect(reason).toContain('Inferred from the log, whose only held-out data is the test set')
})

test('a metric and its value in the name of the best weights decide', async () => {
  const log = [0.7, 0.75, 0.81].map((score, at) => {
    return { step: 10 * (at + 1), 'eval/loss': [0.5, 0.4, 0.45][at], 'eval/score': score }
  })
  const { metric, best } = await answerFor({
    'log.jsonl': lines(log),
    'step_20.pth': torchFile({}),
    'best_score_0.8100.pth': torchFile({}),
  })
  expect([metric, best?.path, best?.step]).toEqual(['eval_score', 'best_score_0.8100.pth', 30])
})

test('if the best weights are not of the best row of the usual metric, the metric that is best there decides', async () => {
  const log = [10, 20, 30].map((iteration, at) => ({
    iteration: iteration - 1,
    'bbox/AP': [40, 39, 41][at],
    'segm/AP50': [50, 60, 55][at],
    'segm/AP': [33, 35.5, 34][at],
  }))
  const files = (iteration: number) => ({
    'metrics.json': lines(log),
    'model_best.pth': torchFile({ iteration }),
    'model_final.pth': torchFile({ iteration: 29 }),
  })
  const { metric, best, reason } = await answerFor(files(19))
  expect([metric, best?.path, best?.value]).toEqual(['segm/AP', 'model_best.pth', 35.5])
  expect(reason).toContain('Inferred from model_best.pth, saved at step 20, where segm/AP is best')
  expect((await answerFor(files(29))).metric).toBe('bbox/AP')
})

test("the optimiser's steps in the best weights show the metric that they are best by", async () => {
  const values = ['0.5,0.4', '0.4,0.3', '0.3,0.35', '0.35,0.2', '0.45,0.25']
  const table = values.map((pair, epoch) => `${epoch},1,${pair}\n`).join('')
  const files = (global_step: number) => ({
    'history.csv': `epoch,loss,val_loss,val_mae\n${table}`,
    'best.pth': torchFile({ global_step }),
  })
  const ofMae = await answerFor(files(40))
  expect([ofMae.metric, ofMae.best?.step, ofMae.best?.value]).toEqual(['val_mae', 4, 0.2])
  expect(ofMae.rows.declaration.metric_is_inferred).toBe(true)
  const ofLoss = await answerFor(files(30))
  expect([ofLoss.metric, ofLoss.best?.step]).toEqual(['eval_loss', 3])
})
