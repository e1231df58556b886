import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'
import { eventRecord } from '../tensorboard/tfeventsTesting.ts'

/** The steps of weights, by path. */
async function stepsOf(files: Readonly<Record<string, string | Uint8Array>>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { events } = await readRun(folder.path)
  return { steps: placed(events), warnings: readerWarnings(events) }
}

function placed(events: readonly TrainingEvent[]) {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === 'checkpoint' ? [[event.path, event.step]] : [])),
  )
}

const named = (epochs: readonly number[], name = 'net_#.pth') =>
  Object.fromEntries(epochs.map((epoch) => [name.replace('#', String(epoch)), 'w']))

const table = (first: number, count = 5): string =>
  [
    'epoch,loss,val_loss',
    ...Array.from({ length: count }, (_, row) => `${row + first},1,1.${row}`),
    '',
  ].join('\n')

const eventFile = (values: readonly number[]): Buffer =>
  Buffer.concat(values.map((value, step) => eventRecord(step, [{ tag: 'val_loss', value }])))

test('all names and all rows together show how names count', async () => {
  const file = 'events.out.tfevents.1.here'
  const { steps } = await stepsOf({ [file]: eventFile([5, 4, 3, 4, 5]), ...named([1, 2, 3, 4, 5]) })
  expect(Object.values(steps)).toEqual([0, 1, 2, 3, 4])
  const rows = await stepsOf({ 'history.csv': table(0), ...named([1, 2, 3, 4, 5]) })
  expect(Object.values(rows.steps)).toEqual([1, 2, 3, 4, 5])
  const alike = await stepsOf({ 'history.csv': table(0), ...named([0, 1, 2, 3, 4]) })
  expect(Object.values(alike.steps)).toEqual([1, 2, 3, 4, 5])
})

test('Keras names epochs from 1, also beside event files that count from 0', async () => {
  const file = 'events.out.tfevents.1.here'
  const saved = named([3], 'net_#.weights.h5')
  const { steps } = await stepsOf({ [file]: eventFile([5, 4, 3, 4, 5]), ...saved })
  expect(steps).toEqual({ 'net_3.weights.h5': 2 })
})

test('a number that may count from 0 or from 1 shows no step, and the note says so', async () => {
  const { steps, warnings } = await stepsOf({ 'history.csv': table(0), ...named([2, 3]) })
  expect(steps).toEqual({ 'net_2.pth': null, 'net_3.pth': null })
  expect(warnings).toEqual([
    'The step of net_2.pth is unknown. Nothing shows whether its number 2 counts from 0 or from 1',
    'The step of net_3.pth is unknown. Nothing shows whether its number 3 counts from 0 or from 1',
  ])
})

test('numbers count from 1 if the log does', async () => {
  const { steps } = await stepsOf({ 'history.csv': table(1), ...named([2, 3]) })
  expect(steps).toEqual({ 'net_2.pth': 2, 'net_3.pth': 3 })
})

test('a name that is one more than the epoch in its file counts completed epochs', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'history.csv': table(0) })
  for (const epoch of [2, 3])
    await writeFile(join(folder.path, `net_${epoch}.pth`), torchFile({ epoch: epoch - 1 }))
  expect(placed((await readRun(folder.path)).events)).toEqual({ 'net_2.pth': 2, 'net_3.pth': 3 })
})

test('a name and a file that count alike agree, also if the log ends before the last of them', async () => {
  await using folder = await temporaryFolder()
  const rows = [1, 2, 3].map((epoch) => `{"epoch": ${epoch}, "loss": 1, "val_loss": ${epoch}}\n`)
  await writeFiles(folder.path, { 'log.jsonl': rows.join('') })
  for (const epoch of [1, 2, 3, 4, 5])
    await writeFile(join(folder.path, `epoch_${epoch}.pth`), torchFile({ epoch }))
  await writeFile(join(folder.path, 'latest.pth'), torchFile({ epoch: 5 }))
  const { events } = await readRun(folder.path)
  expect(placed(events)).toMatchObject({ 'epoch_2.pth': 2, 'epoch_3.pth': 3, 'epoch_4.pth': 4 })
})

test('a counter of saves is compared with all epochs of the log', async () => {
  const rows = [1, 2, 3, 4].map((epoch) => `${epoch * 50 - 1},${epoch},1.${epoch}`)
  const { steps } = await stepsOf({
    'metrics.csv': ['step,epoch,val_loss', ...rows, ''].join('\n'),
    ...named([0, 1, 2, 3], 'checkpoints/checkpoint_#/model.bin'),
  })
  expect(Object.values(steps)).toEqual([50, 100, 150, 200])
})

test('weights that were saved inside an epoch do not have its value', async () => {
  const files = ['1-03', '2-02', '3-01', '3-04'].map((count) => [`ckpt-${count}.weights.h5`, 'w'])
  const { steps, warnings } = await stepsOf({
    'history.csv': table(0),
    ...(Object.fromEntries(files) as Record<string, string>),
  })
  expect(new Set(Object.values(steps))).toEqual(new Set([null]))
  expect(warnings).toContain(
    'The step of ckpt-3-01.weights.h5 is unknown. Its name has an epoch and a batch inside it',
  )
  const growing = await stepsOf({
    'log.jsonl': [100, 200].map((step) => `{"step": ${step}, "val_loss": ${step}}\n`).join(''),
    ...{ 'model-1-100.pt': 'w', 'model-2-200.pt': 'w' },
  })
  expect(growing.steps).toEqual({ 'model-1-100.pt': 100, 'model-2-200.pt': 200 })
})

test('folds that share a log have unknown steps; one fold alone is a run', async () => {
  const saved = { 'net_fold0_best.pth': 'w', 'net_fold1_best.pth': 'w' }
  const { steps, warnings } = await stepsOf({ 'history.csv': table(0), ...saved })
  expect(steps).toEqual({ 'net_fold0_best.pth': null, 'net_fold1_best.pth': null })
  expect(warnings[0]).toContain('Several folds share this log')
  const one = await stepsOf({ 'history.csv': table(0), 'net_fold0_best.pth': 'w' })
  expect(one.steps).toEqual({ 'net_fold0_best.pth': 1 })
})

test('epochs that a log of steps counts from 0 are completed epochs, and names still count like the log', async () => {
  const rows = [0, 1, 2, 3].map((epoch) => `${100 * (epoch + 1)},${epoch},1,1.${9 - epoch}`)
  const log = ['step,epoch,loss,val_loss', ...rows, ''].join('\n')
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'log.csv': log, ...named([0, 2, 3], 'model_epoch#.pt') })
  const { events } = await readRun(folder.path)
  const measured = events.flatMap((event) =>
    event.type === 'evaluation' ? [[event.step, event.epoch]] : [],
  )
  expect(measured).toEqual([1, 2, 3, 4].map((epoch) => [100 * epoch, epoch]))
  expect(Object.values(placed(events))).toEqual([100, 300, 400])
  const saved = events.flatMap((event) => (event.type === 'checkpoint' ? [event.epoch] : []))
  expect(saved).toEqual([1, 3, 4])
})

test('epochs with parts count completed epochs already', async () => {
  const rows = [0.5, 1, 1.5].map((epoch) => `${100 * epoch},${epoch},1,1`)
  const log = ['step,epoch,loss,val_loss', ...rows, ''].join('\n')
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'log.csv': log })
  const { events } = await readRun(folder.path)
  const measured = events.flatMap((event) => (event.type === 'evaluation' ? [event.epoch] : []))
  expect(measured).toEqual([0.5, 1, 1.5])
})

test('names that count batches belong to the steps of gradient accumulation, with a note', async () => {
  const rows = [100, 200, 300].map((step) => `${step},1,1.${step}`)
  const log = ['step,loss,val_loss', ...rows, ''].join('\n')
  const { steps, warnings } = await stepsOf({
    'log.csv': log,
    ...named([400, 800, 1200], 'model_step_#.pt'),
  })
  expect(new Set(Object.values(steps))).toEqual(new Set([100, 200, 300]))
  expect(warnings[0]).toContain('The only evidence is its name, if it counts 4 batches per step')
  // Equal numbers, such as times of day, are no counts.
  const dated = { '20261120_101010/model.pt': 'w', '20261121_101010/model.pt': 'w' }
  const apart = await stepsOf({ 'log.csv': log, ...dated })
  expect(Object.values(apart.steps)).not.toContain(300)
  // One number does not divide all names to rows, so nothing is guessed.
  const other = await stepsOf({ 'log.csv': log, ...named([400, 900, 1200], 'model_step_#.pt') })
  expect(new Set(Object.values(other.steps))).toEqual(new Set([400, 900, 1200]))
})

test('an epoch in a name that may count from 0 or from 1 is unknown in a log of steps too, and the note says so', async () => {
  const rows = [0, 1, 2, 3].map((epoch) => `${100 * (epoch + 1)},${epoch},1,1.${epoch}`)
  const log = ['step,epoch,loss,val_loss', ...rows, ''].join('\n')
  const { steps, warnings } = await stepsOf({ 'log.csv': log, ...named([1, 3], 'ckpt_epoch#.pt') })
  expect(Object.values(steps)).toEqual([null, null])
  expect(warnings[0]).toBe(
    'The step of ckpt_epoch1.pt is unknown. Nothing shows whether its number 1 counts from 0 or from 1',
  )
})

test('weights that an earlier training left in the folder are not of this log', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'log.csv': table(1, 2), ...named([1, 2, 3], 'model_#.pt') })
  const old = Date.now() / 1000 - 86_400
  for (const name of ['model_2.pt', 'model_3.pt']) await utimes(join(folder.path, name), old, old)
  const { events } = await readRun(folder.path)
  expect(placed(events)).toEqual({ 'model_1.pt': 1, 'model_2.pt': null, 'model_3.pt': null })
  expect(readerWarnings(events)[0]).toContain('It was saved before this log was created')
  // Without a step after the log's last one, the files may be copies with their times.
  await rm(join(folder.path, 'model_3.pt'))
  expect(placed((await readRun(folder.path)).events)).toEqual({ 'model_1.pt': 1, 'model_2.pt': 2 })
})

test('a table of Keras or timm that a resumed start began anew counts from 0', async () => {
  const keras = await stepsOf({
    'history.csv': table(4, 4),
    ...named([5, 6, 7, 8], 'net.0#.keras'),
  })
  expect(Object.values(keras.steps)).toEqual([5, 6, 7, 8])
  const saved = named([5, 7], 'checkpoint-#.pth.tar')
  const timm = await stepsOf({ 'summary.csv': table(5, 3), ...saved })
  expect(Object.values(timm.steps)).toEqual([6, 8])
  const own = await stepsOf({ 'history.csv': table(5, 3), ...named([5, 7]) })
  expect(Object.values(own.steps)).toEqual([5, 7])
})
