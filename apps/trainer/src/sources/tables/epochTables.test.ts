import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeOutput } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

function evaluations(events: readonly TrainingEvent[]) {
  return events.flatMap((event) => (event.type === 'evaluation' ? [event] : []))
}

const choice = (events: readonly TrainingEvent[]) =>
  select({ policy: 'as_declared', ...rowsFrom(events) })

test('Keras logs epochs from 0 and names files from 1, and each file has the evaluation of its epoch', async () => {
  await using folder = await temporaryFolder()
  await cp(join(fixtures, 'keras'), folder.path, { recursive: true })
  // The names that Keras 3 gave in the run that wrote this table.
  const names = ['ckpt-01-1.081', 'ckpt-02-0.180', 'ckpt-03-0.047', 'ckpt-04-0.015']
  for (const name of names) await writeFile(join(folder.path, `${name}.keras`), 'weights')
  const { events, source } = await readRun(folder.path)
  expect(source).toBe('keras_csv')
  for (const { step, values } of evaluations(events)) {
    const named = `ckpt-0${step}-${values['eval_loss']!.toFixed(3)}`
    expect(names).toContain(named)
  }
  expect(events.find((event) => event.type === 'started')?.config).toEqual({ step_unit: 'epoch' })
})

test('a table may count from 1, and a table that restarts is a new attempt', async () => {
  await using folder = await temporaryFolder()
  const rows = ['epoch;loss;val_loss', '1;3;nan', '2;2;4', '1;1;5', '2;;6']
  await writeFile(join(folder.path, 'history.csv'), rows.join('\n'))
  const { events } = await readRun(folder.path)
  const measured = evaluations(events).map(({ attempt, step, values }) => [attempt, step, values])
  expect(measured).toEqual([
    [0, 1, { eval_loss: NaN }],
    [0, 2, { eval_loss: 4 }],
    [1, 1, { eval_loss: 5 }],
    [1, 2, { eval_loss: 6 }],
  ])
})

/** As Ultralytics pads its heads and cells. */
async function writeYolo(root: string, map: readonly number[]): Promise<void> {
  const names = [
    'epoch',
    'train/box_loss',
    'metrics/mAP50(B)',
    'metrics/mAP50-95(B)',
    'val/box_loss',
  ]
  const row = (cells: readonly (string | number)[]) =>
    cells.map((cell) => String(cell).padStart(22)).join(',')
  const rows = map.map((value, index) => row([index + 1, 1 / (index + 1), value, value / 2, 0.5]))
  await mkdir(join(root, 'weights'), { recursive: true })
  await writeFile(join(root, 'results.csv'), [row(names), ...rows, ''].join('\n'))
  await writeFile(join(root, 'args.yaml'), `epochs: ${map.length}\npatience: 50\n`)
  for (const name of ['best', 'last', 'epoch0']) {
    await writeFile(join(root, 'weights', `${name}.pt`), 'weights')
  }
}

test('YOLO decides by its fitness, which gives the epochs of best.pt and last.pt', async () => {
  await using folder = await temporaryFolder()
  await writeYolo(folder.path, [0.2, 0.6, 0.6, 0.4])
  const { events, source } = await readRun(folder.path)
  expect(source).toBe('ultralytics')
  const saved = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []))
  expect(saved.map(({ path, step, role }) => [path, step, role])).toEqual([
    ['weights/epoch0.pt', 1, null],
    // If epochs are equal, Ultralytics keeps the last one.
    ['weights/best.pt', 3, 'best'],
    ['weights/last.pt', 4, 'last'],
  ])
  expect(rowsFrom(events).declaration).toMatchObject({ metric: 'fitness', direction: 'max' })
  const fitness = (value: number) => 0.1 * value + 0.9 * (value / 2)
  const fitnesses = evaluations(events).map(({ values }) => values['fitness'])
  expect(fitnesses).toEqual([0.2, 0.6, 0.6, 0.4].map(fitness))
  expect(events.find(({ type }) => type === 'ended')).toMatchObject({ status: 'completed' })
})

test('the best file of YOLO is chosen if its files can be read', async () => {
  await using folder = await temporaryFolder()
  await writeYolo(folder.path, [0.2, 0.6, 0.4])
  const { events } = await readRun(folder.path)
  const whole = events.map((event) =>
    event.type === 'checkpoint' ? { ...event, files_state: 'complete' as const } : event,
  )
  expect(choice(whole).best?.path).toBe('weights/best.pt')
})

test("DVCLive has one table per metric, and its path is the metric's name", async () => {
  const { events, source } = await readRun(join(fixtures, 'dvclive'))
  expect(source).toBe('dvclive')
  const { evaluations: rows } = rowsFrom(events)
  const of = (metric: string) =>
    rows.flatMap(({ values }) => (metric in values ? [values[metric]] : []))
  expect(of('eval_acc')).toEqual([NaN, 0.6, 0.7, 0.8])
  expect(of('eval_loss')).toEqual([1, 0.5, 1 / 3, 0.55])
  const losses = events.flatMap((event) => (event.type === 'metrics' ? [event.values['loss']] : []))
  expect(losses).toEqual([1, 0.5, 1 / 3, 0.25])
})

test("DVCLive adds nothing to the Trainer's files, because it counts log calls", async () => {
  await using folder = await temporaryFolder()
  const log = [{ step: 50, eval_loss: 1 }]
  await writeOutput(folder.path, { saves: [50], log })
  await cp(join(fixtures, 'dvclive'), folder.path, { recursive: true })
  const { source, events } = await readRun(folder.path)
  expect(source).toBe('huggingface')
  expect(rowsFrom(events).evaluations.map(({ step }) => step)).toEqual([50])
})

test("Keras' file of the best weights has the lowest loss of the last fit, or an unknown epoch", async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'best.weights.h5'), 'weights')
  const stepAfter = async (...losses: (number | string)[][]) => {
    const rows = losses.flatMap((fit) => fit.map((loss, epoch) => `${epoch},1,${loss}\n`))
    await writeFile(join(folder.path, 'log.csv'), `epoch,loss,val_loss\n${rows.join('')}`)
    const { events } = await readRun(folder.path)
    const saved = events.find((event) => event.type === 'checkpoint')
    return saved?.type === 'checkpoint' ? saved.step : undefined
  }
  expect(await stepAfter([3, 2, 2, 4])).toBe(2)
  expect(await stepAfter([3, 2], [1.5, 1, 4])).toBe(2)
  expect(await stepAfter([3, 1], [1.5, 2, 4])).toBeNull()
  expect(await stepAfter(['nan', 1])).toBeNull()
  await writeFile(join(folder.path, 'config.yaml'), 'callback:\n  monitor: val_auc\n')
  expect(await stepAfter([3, 2, 2, 4])).toBeNull()
})
