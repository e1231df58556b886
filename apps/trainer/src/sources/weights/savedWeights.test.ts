import { copyFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'
import { eventRecord } from '../tensorboard/tfeventsTesting.ts'

const ITERATIONS = fileURLToPath(
  new URL('../../checkpoints/weights/fixtures/iterations.h5', import.meta.url),
)

function placed(events: readonly TrainingEvent[]) {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'checkpoint' ? [[event.path, [event.attempt, event.step]]] : [],
    ),
  )
}

const table = (losses: readonly number[], first = 0): string =>
  ['epoch,loss,val_loss', ...losses.map((loss, row) => `${row + first},1,${loss}`), ''].join('\n')

test('values in the names of weights show how a resumed table counts', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'history.csv': table([0.61951, 0.61716, 0.60848], 5),
    'model.05-0.6394.keras': 'w',
    'model.06-0.6195.keras': 'w',
    'model.08-0.6085.keras': 'w',
  })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'model.05-0.6394.keras': [0, 5],
    'model.06-0.6195.keras': [0, 6],
    'model.08-0.6085.keras': [0, 8],
  })
  expect(rowsFrom(events).evaluations.map(({ step }) => step)).toEqual([6, 7, 8])
})

test('files older than those of the last fit belong to the fit before', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'history.csv': table([3, 2, 1]) + table([1.5, 4, 5]).replace(/.*\n/, ''),
    ...{ 'model.01.keras': 'w', 'model.02.keras': 'w', 'model.03.keras': 'w' },
  })
  const at = async (name: string, seconds: number) => {
    const time = new Date(1_700_000_000_000 + seconds * 1000)
    await utimes(join(folder.path, name), time, time)
  }
  await at('model.02.keras', 10)
  await at('model.03.keras', 20)
  await at('model.01.keras', 60)
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'model.01.keras': [1, 1],
    'model.02.keras': [0, 2],
    'model.03.keras': [0, 3],
  })
})

test('names that count from 0 like their log belong to completed epochs', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'log.txt': [0.9, 0.5, 0.7]
      .map((loss, epoch) => `{"train_loss": 1, "val_loss": ${loss}, "epoch": ${epoch}}\n`)
      .join(''),
    ...{ 'checkpoint-0.pth': 'w', 'checkpoint-1.pth': 'w', 'checkpoint-2.pth': 'w' },
  })
  const { events } = await readRun(folder.path)
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ path: 'checkpoint-1.pth', step: 2, value: 0.5 })
})

test("epoch folders have the steps of the log's evaluations, in order", async () => {
  await using folder = await temporaryFolder()
  const lines = [1, 2, 3].map((epoch) => {
    const step = epoch * 100
    return `Step ${step} | loss:1.0 lr:0.1\nStep ${step} | val_loss:${epoch === 2 ? 1.4 : 1.6}\n`
  })
  const weights = { 'epoch_0/model.bin': 'w', 'epoch_1/model.bin': 'w', 'epoch_2/model.bin': 'w' }
  await writeFiles(folder.path, { 'logs/log_1.txt': lines.join(''), ...weights })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ epoch_0: [0, 100], epoch_1: [0, 200], epoch_2: [0, 300] })
})

test('the file of the best weights has an unknown epoch if the metrics disagree', async () => {
  await using folder = await temporaryFolder()
  const rows = ['epoch,loss,val_loss,val_acc', '0,1,0.9,0.6', '1,1,0.5,0.7', '2,1,0.6,0.8', '']
  await writeFiles(folder.path, { 'history.csv': rows.join('\n'), 'best_model.pth': 'w' })
  const untold = await readRun(folder.path)
  expect(placed(untold.events)).toEqual({ 'best_model.pth': [0, null] })
  await writeFiles(folder.path, { 'config.yaml': 'monitor: val_acc\n' })
  const run = await readRun(folder.path)
  expect(placed(run.events)).toEqual({ 'best_model.pth': [0, 3] })
})

test("an inferred best is never called the trainer's record", async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'history.csv': table([3, 1, 2]), 'best.pth': 'w' })
  const { events } = await readRun(folder.path)
  expect(rowsFrom(events).claim).toBeNull()
  const texts = events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  expect(texts).toContainEqual(expect.stringContaining('best.pth is probably from step 2'))
})

test('weights below a folder of checkpoints are found, and those of other runs are not', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'log.csv': table([2, 1]),
    'checkpoints/epoch_1/actor/model_world_size_2_rank_0.pt': 'w',
    'checkpoints/epoch_1/actor/optim_world_size_2_rank_0.pt': 'w',
    'optim_2.pt': 'w',
    'older/results.csv': 'x',
    'older/weights/best.pt': 'w',
  })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'checkpoints/epoch_1': [0, 2] })
})

test('a step that files with different names share is ignored', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'train.log':
      'step 16: train loss 4, val loss 4\nstep 100: train loss 3, val loss 3\nstep 200: train loss 2, val loss 2\n',
  })
  for (const step of [100, 200]) {
    await writeFile(join(folder.path, `step_${step}.pt`), torchFile({ global_step: 16 }))
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'step_100.pt': [0, 100], 'step_200.pt': [0, 200] })
})

test('the step in a file is used if the log has a row there, and is unknown if the evidence differs', async () => {
  await using folder = await temporaryFolder()
  const rows = [10, 20, 30].map((step) => `{"step": ${step}, "val_loss": ${1 / step}}\n`)
  await writeFiles(folder.path, { 'metrics.jsonl': rows.join('') })
  await writeFile(join(folder.path, 'best.pt'), torchFile({ step: 20 }))
  await writeFile(join(folder.path, 'model_10.pt'), torchFile({ step: 30 }))
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'best.pt': [0, 20], 'model_10.pt': [0, null] })
})

test('optimiser steps exclude epochs that do not divide them', async () => {
  await using folder = await temporaryFolder()
  // 1230 steps are 5 epochs of 246 steps, and no 4 epochs.
  const rows = [
    ['0,1,0.9,0.5', '1,1,0.8,0.6', '2,1,0.7,0.6'],
    ['3,1,0.6,0.7', '4,1,0.65,0.8', '5,1,0.7,0.75'],
  ].flat()
  const text = ['epoch,loss,val_loss,val_acc', ...rows, ''].join('\n')
  await writeFiles(folder.path, { 'history.csv': text })
  await copyFile(ITERATIONS, join(folder.path, 'best_model.h5'))
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'best_model.h5': [0, 5] })
})

test('values that no row has do not show how names count', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'history.csv': table([0.9, 0.5, 0.7]) })
  for (const epoch of [0, 1, 2]) {
    const path = join(folder.path, `model_epoch_${epoch}.pth`)
    await writeFile(path, torchFile({ epoch: 8, val_loss: 0.123 }))
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'model_epoch_0.pth': [0, 1],
    'model_epoch_1.pth': [0, 2],
    'model_epoch_2.pth': [0, 3],
  })
})

test('epochs in names are rows if the log counts epochs as steps and has no other rows', async () => {
  await using folder = await temporaryFolder()
  const losses = [3, 1, 2]
  const records = losses.map((value, step) => eventRecord(step, [{ tag: 'Loss/val', value }]))
  await writeFiles(folder.path, {
    'runs/exp/events.out.tfevents.1.here': Buffer.concat(records),
    ...{
      'checkpoints/epoch_0.pt': 'w',
      'checkpoints/epoch_1.pt': 'w',
      'checkpoints/epoch_2.pt': 'w',
    },
  })
  expect(placed((await readRun(folder.path)).events)).toEqual({
    'checkpoints/epoch_0.pt': [0, 0],
    'checkpoints/epoch_1.pt': [0, 1],
    'checkpoints/epoch_2.pt': [0, 2],
  })
})

test('weights without a number belong to the row that was written at their time, or to the last row', async () => {
  await using folder = await temporaryFolder()
  const begun = 1_700_000_000
  const records = [3, 1, 2, 4].map((value, row) =>
    eventRecord(row + 1, [{ tag: 'val/loss', value }], begun + row * 60),
  )
  const saved = { 'best.pt': 61, 'net.pt': 121, 'copy.pt': 95, 'last.pt': 183 }
  await writeFiles(folder.path, {
    'events.out.tfevents.1.here': Buffer.concat(records),
    ...Object.fromEntries(Object.keys(saved).map((name) => [name, name])),
  })
  for (const [name, seconds] of Object.entries(saved)) {
    await utimes(join(folder.path, name), begun + seconds, begun + seconds)
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'best.pt': [0, 2],
    'net.pt': [0, 3],
    'copy.pt': [0, null],
    'last.pt': [0, 4],
  })
  const likely = events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  // Its name and its time agree.
  expect(likely.join()).not.toContain('best.pt')
  expect(likely).toContain(
    'net.pt is probably from step 3. The only evidence is the time when it was saved',
  )
})

test('a file older than the last rows of a table does not belong to the last row', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'history.csv': table([3, 1, 2]),
    'last.pt': 'w',
    'model.pt': 'w',
  })
  const old = new Date(Date.now() - 60_000)
  await utimes(join(folder.path, 'last.pt'), old, old)
  expect(placed((await readRun(folder.path)).events)).toEqual({
    'last.pt': [0, null],
    'model.pt': [0, 3],
  })
})
