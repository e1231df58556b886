import { appendFile, cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select, type EventOf, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { LIGHTNING } from './lightning.ts'
import { readRun } from '../readRun.ts'
import type { SourceReader } from '../reader/source.ts'

/** What Lightning 2.6 wrote: 5 epochs of 10 batches, two evaluations an epoch, then validate and test. */
const RUN = fileURLToPath(new URL('../fixtures/lightning/version_0', import.meta.url))

function evaluations(events: readonly TrainingEvent[]): EventOf<'evaluation'>[] {
  return events.filter((event) => event.type === 'evaluation')
}

async function all(reader: SourceReader): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = []
  let piece = await reader.next()
  for (let cursor = ''; piece.cursor !== cursor; piece = await reader.next()) {
    if (piece.replace) events.length = 0
    events.push(...piece.events)
    cursor = piece.cursor
  }
  return events
}

test('rows count batches from 0, and files count completed steps', async () => {
  const { events, source } = await readRun(RUN)
  expect(source).toBe('lightning_csv')
  const saved = events.filter((event) => event.type === 'checkpoint')
  const measured = evaluations(events).map(({ step }) => step)
  for (const { step } of saved) expect(measured).toContain(step)
  const named = saved.filter(({ path }) => path.includes('step='))
  for (const { path, step } of named) expect(path).toContain(`step=${step}.ckpt`)
})

test('the declared metric and the best checkpoint of a Lightning run are read from its checkpoints', async () => {
  const { events } = await readRun(RUN)
  const selection = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(selection).toMatchObject({
    metric: 'eval_loss',
    direction: 'min',
    best: { path: 'checkpoints/epoch=3-step=35.ckpt' },
    second_opinion: { agrees: true },
  })
  expect(selection.declared_by).toContain('monitor val_loss of the ModelCheckpoint')
})

test('a file without a step in its name has the step inside', async () => {
  const { events } = await readRun(RUN)
  const last = events.find((event) => event.type === 'checkpoint' && event.role === 'last')
  expect(last).toMatchObject({ path: 'checkpoints/last.ckpt', step: 35, epoch: 3.5 })
})

test('epochs are completed epochs, as in the table that counts them from 0', async () => {
  const { events } = await readRun(RUN)
  const epochs = evaluations(events).map(({ step, epoch }) => [step, epoch])
  // The length of an epoch is known from the end of the first one on.
  expect(epochs.slice(1)).toEqual([
    ...[10, 15, 20, 25, 30, 35, 40, 45, 50].map((step) => [step, step / 10]),
    ...[
      [50, 5],
      [50, 5],
    ],
  ])
  const trained = events.filter((event) => event.type === 'metrics')
  expect(trained.at(-1)).toMatchObject({ step: 50, epoch: 5 })
})

test('a run that logs once per epoch has completed all of its epochs', async () => {
  await using folder = await temporaryFolder()
  const rows = [0, 1, 2, 3, 4, 5, 6, 7].map((epoch) => `${epoch},${32 * (epoch + 1) - 1},0.5`)
  await writeFile(
    join(folder.path, 'metrics.csv'),
    ['epoch,step,train_loss', ...rows, ''].join('\n'),
  )
  const { events } = await readRun(folder.path)
  expect(events.findLast((event) => event.type === 'metrics')).toMatchObject({
    step: 256,
    epoch: 8,
  })
})

test('every evaluation has its line', async () => {
  const lines = (await readFile(join(RUN, 'metrics.csv'), 'utf8')).split('\n')
  const { events } = await readRun(RUN)
  for (const { origin, values } of evaluations(events)) {
    for (const value of Object.values(values))
      expect(lines[origin!.line! - 1]).toContain(String(value))
  }
})

test('a validation or a test after training belongs to the last step', async () => {
  const { events } = await readRun(RUN)
  const last = Math.max(...events.map((event) => ('step' in event ? (event.step ?? 0) : 0)))
  expect(last).toBe(50)
  const at = evaluations(events).filter(({ step }) => step === last)
  expect(at.map(({ values }) => Object.keys(values))).toEqual([
    ['val/acc', 'eval_loss'],
    ['val/acc', 'eval_loss'],
    ['test_loss'],
  ])
})

test('CRLF, padding, quotes, a byte order mark, empty cells and NaN are read correctly', async () => {
  await using folder = await temporaryFolder()
  const rows = [
    '\uFEFF"epoch", step,train_loss ,"val,loss",val_loss',
    '0,9, nan,,',
    '0, 9,,"3", -inf',
    '0,19,,,2',
  ]
  await writeFile(join(folder.path, 'metrics.csv'), rows.join('\r\n'))
  const { events } = await readRun(folder.path)
  expect(events.filter((event) => 'values' in event)).toMatchObject([
    { type: 'metrics', step: 10, values: { loss: NaN } },
    { type: 'metrics', step: 10, values: { 'val,loss': 3 } },
    { type: 'evaluation', step: 10, values: { eval_loss: -Infinity } },
    { type: 'evaluation', step: 20, values: { eval_loss: 2 } },
  ])
})

test('a reader continues at its cursor, and reads a cut or replaced file again', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await cp(RUN, root, { recursive: true })
  const file = join(root, 'metrics.csv')
  const whole = await readFile(file, 'utf8')
  const cut = whole.indexOf('\n', whole.length / 2) + 10
  await writeFile(file, whole.slice(0, cut))
  const open = (cursor: string | null) => LIGHTNING.open({ root, cursor, isOver: false })
  const first = open(null)
  const before = await all(first)
  const { cursor } = await first.next()
  await appendFile(file, whole.slice(cut))
  const after = await all(open(cursor))
  const { events } = await readRun(root)
  const withValues = (some: readonly TrainingEvent[]) => some.filter((event) => 'values' in event)
  expect([...withValues(before), ...withValues(after)]).toEqual(withValues(events))
  const reader = open(null)
  await all(reader)
  await truncate(file, 200)
  expect(await reader.next()).toMatchObject({ replace: true })
  await rm(file)
  await writeFile(file, whole.replace('epoch', 'Epoch'))
  expect(await reader.next()).toMatchObject({ replace: true })
})

test('training that goes back begins a new attempt', async () => {
  await using folder = await temporaryFolder()
  const rows = [9, 19, 29, 14, 24].map((step) => `0,${step},${1 / step}`)
  await writeFile(
    join(folder.path, 'metrics.csv'),
    ['epoch,step,train_loss', ...rows, ''].join('\n'),
  )
  const { events } = await readRun(folder.path)
  const measured = events.filter((event) => event.type === 'metrics')
  expect(measured.map(({ attempt, step }) => [attempt, step])).toEqual([
    [0, 10],
    [0, 20],
    [0, 30],
    [1, 15],
    [1, 25],
  ])
  expect(events.filter((event) => event.type === 'started')).toHaveLength(2)
})

/** The counters of a run in Lightning's pickle, as torch writes them, and the bytes after them. */
function pickledCounts(counts: Record<string, number>): Buffer {
  const parts = Object.entries(counts).flatMap(([name, count]) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(name.length)
    return [Buffer.from('X'), length, Buffer.from(`${name}q\0K`), Buffer.of(count)]
  })
  return Buffer.concat([...parts, Buffer.alloc(8)])
}

test('if names count the steps of two optimisers, the training step inside the file is used', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'checkpoints'))
  await writeFile(join(folder.path, 'metrics.csv'), 'epoch,step,val_loss\n0,9,2\n0,19,1\n')
  await writeFile(join(folder.path, 'config.yaml'), 'trainer:\n  max_steps: 40\n')
  // The last one was saved after training, when its 20 batches had been counted.
  const files: [name: string, global_step: number, batches: number][] = [
    ['epoch=0-step=20.ckpt', 20, 9],
    ['epoch=0-step=40.ckpt', 40, 19],
    ['last.ckpt', 40, 20],
  ]
  for (const [name, global_step, _batches_that_stepped] of files) {
    const counts = pickledCounts({ global_step, _batches_that_stepped })
    await writeFile(join(folder.path, 'checkpoints', name), counts)
  }
  const { events } = await readRun(folder.path)
  const saved = events.filter((event) => event.type === 'checkpoint')
  expect(saved.map(({ path, step }) => [path, step])).toEqual([
    ['checkpoints/epoch=0-step=20.ckpt', 10],
    ['checkpoints/epoch=0-step=40.ckpt', 20],
    ['checkpoints/last.ckpt', 20],
  ])
  expect(evaluations(events).map(({ step }) => step)).toEqual([10, 20])
  // max_steps counts the steps of both optimisers.
  expect(events[0]).toMatchObject({ type: 'started', total_steps: null })
  const [line] = events.filter((event) => event.type === 'log')
  expect(line?.text).toContain('file names count the steps of all optimisers')
})
