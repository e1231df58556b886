import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

/** The attempt and step of each file of weights. */
function placed(events: readonly TrainingEvent[]) {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'checkpoint' ? [[event.path, [event.attempt, event.step]]] : [],
    ),
  )
}

function measured(events: readonly TrainingEvent[]) {
  return events.flatMap((event) =>
    event.type === 'evaluation' ? [[event.step, event.values['eval_loss']]] : [],
  )
}

/** Weights that Lightning saved while its monitor had a value. */
function lightningFile(step: number, epoch: number, val_loss: number): Buffer {
  const state = { monitor: 'val_loss', current_score: val_loss, best_model_path: '' }
  const callbacks = { "ModelCheckpoint{'monitor': 'val_loss', 'mode': 'min'}": state }
  return torchFile({ 'pytorch-lightning_version': '2.5', global_step: step, epoch, callbacks })
}

const lightningTable = (losses: readonly number[], perEpoch: number): string =>
  [
    'epoch,step,train_loss,val_loss',
    ...losses.flatMap((loss, epoch) => {
      const step = (epoch + 1) * perEpoch - 1
      return [`${epoch},${step},0.1,`, `${epoch},${step},,${loss}`]
    }),
    '',
  ].join('\n')

test('a value that Lightning kept from the evaluation before does not move a file', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'metrics.csv': lightningTable([0.4, 0.5, 0.3, 0.6], 6) })
  const files = { 8: [1, 0.4], 12: [1, 0.4], 20: [3, 0.3], 24: [3, 0.3] } as const
  for (const [step, [epoch, value]] of Object.entries(files)) {
    const name = `step=${step}-val_loss=${value.toFixed(2)}.ckpt`
    await writeFile(join(folder.path, name), lightningFile(Number(step), epoch, value))
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'step=8-val_loss=0.40.ckpt': [0, 8],
    'step=12-val_loss=0.40.ckpt': [0, 12],
    'step=20-val_loss=0.30.ckpt': [0, 20],
    'step=24-val_loss=0.30.ckpt': [0, 24],
  })
  // A step between two evaluations has no value.
  expect(measured(events)).toEqual([
    [6, 0.4],
    [12, 0.5],
    [18, 0.3],
    [24, 0.6],
  ])
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ step: 12, value: 0.5 })
})

test('a file with a score of its own belongs to the attempt that logged this score', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'logs/version_0/metrics.csv': lightningTable([0.9, 0.7, 0.5, 0.6], 6),
    'logs/version_1/metrics.csv': lightningTable([0.95, 0.8, 0.7, 0.75], 6),
  })
  const [first, second] = [lightningFile(18, 2, 0.5), lightningFile(18, 2, 0.7)]
  await writeFiles(folder.path, { 'ckpts/epoch=2.ckpt': first, 'ckpts/epoch=2-v1.ckpt': second })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'ckpts/epoch=2.ckpt': [0, 18],
    'ckpts/epoch=2-v1.ckpt': [1, 18],
  })
})

const iterations = (rows: readonly (readonly [step: number, ap: number | null])[]): string =>
  rows
    .map(([iteration, ap]) => {
      const evaluation = ap === null ? {} : { 'bbox/AP': ap }
      return `${JSON.stringify({ ...evaluation, iteration, total_loss: 1 })}\n`
    })
    .join('')

test('a step before the first row of an attempt belongs to the attempt before', async () => {
  await using folder = await temporaryFolder()
  const first = [
    [19, null],
    [999, 30],
    [1999, 38],
    [2999, 39.5],
  ] as const
  const second = [
    [2019, null],
    [2999, 35],
    [3999, 36],
  ] as const
  await writeFiles(folder.path, { 'metrics.json': iterations(first) + iterations(second) })
  for (const [minute, iteration] of [999, 1999, 2999, 3999].entries()) {
    const path = join(folder.path, `model_${String(iteration).padStart(7, '0')}.pth`)
    await writeFile(path, torchFile({ iteration }))
    await utimes(path, 1_700_000_000 + minute * 60, 1_700_000_000 + minute * 60)
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    'model_0000999.pth': [0, 1000],
    'model_0001999.pth': [0, 2000],
    'model_0002999.pth': [1, 3000],
    'model_0003999.pth': [1, 4000],
  })
})

test('an attempt that logs from the first step again also has the steps before its first row', async () => {
  await using folder = await temporaryFolder()
  const rows = [
    [499, 30],
    [999, 38],
  ] as const
  await writeFiles(folder.path, { 'metrics.json': iterations(rows) + iterations(rows) })
  for (const [minute, iteration] of [199, 999].entries()) {
    const path = join(folder.path, `model_${String(iteration).padStart(7, '0')}.pth`)
    await writeFile(path, torchFile({ iteration }))
    await utimes(path, 1_700_000_000 + minute * 60, 1_700_000_000 + minute * 60)
  }
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'model_0000199.pth': [1, 200], 'model_0000999.pth': [1, 1000] })
})

test("the metrics in Ultralytics' files show their row and training", async () => {
  await using folder = await temporaryFolder()
  const [half, whole] = ['metrics/mAP50(B)', 'metrics/mAP50-95(B)']
  const first = [0.6, 0.7, 0.8]
  const second = [0.5, 0.55, 0.45]
  const rows = [...first, ...second].map((map, row) => `${(row % 3) + 1},1.0,${map + 0.1},${map}`)
  const text = [`epoch,train/box_loss,${half},${whole}`, ...rows, ''].join('\n')
  const fileOf = (map: number) =>
    torchFile({ train_metrics: { [half]: map + 0.1, [whole]: map }, version: '8.3.0' })
  await writeFiles(folder.path, { 'results.csv': text, 'args.yaml': 'epochs: 3\n' })
  await writeFiles(folder.path, {
    'weights/best.pt': fileOf(0.55),
    'weights/last.pt': fileOf(0.45),
  })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'weights/best.pt': [1, 2], 'weights/last.pt': [1, 3] })
})

test('a metric with a slash splits the name of one file', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'metrics.csv': lightningTable([0.5, 0.4], 6) })
  const names = ['epoch=0-val/loss=0.50.ckpt', 'epoch=1-val/loss=0.40.ckpt']
  await writeFiles(folder.path, {
    [`checkpoints/${names[0]}`]: lightningFile(6, 0, 0.5),
    [`checkpoints/${names[1]}`]: lightningFile(12, 1, 0.4),
  })
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({
    [`checkpoints/${names[0]}`]: [0, 6],
    [`checkpoints/${names[1]}`]: [0, 12],
  })
})
