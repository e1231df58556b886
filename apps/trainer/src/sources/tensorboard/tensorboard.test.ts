import {
  appendFile,
  cp,
  mkdir,
  readFile,
  readdir,
  rename,
  rmdir,
  writeFile,
} from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EventOf, TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { zip } from '../../checkpoints/testing.ts'
import { temporaryFolder } from '../../testing.ts'
import { searchRuns } from '../runSearch.ts'
import { pick } from '../programsTesting.ts'
import { readRun } from '../readRun.ts'
import { TENSORBOARD } from './tensorboard.ts'
import { eventRecord, record } from './tfeventsTesting.ts'
import { maskedCrc } from './tfrecord.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

function evaluations(events: readonly TrainingEvent[]): EventOf<'evaluation'>[] {
  return events.filter((event) => event.type === 'evaluation')
}

function metrics(events: readonly TrainingEvent[]): EventOf<'metrics'>[] {
  return events.filter((event) => event.type === 'metrics')
}

const NAME = 'events.out.tfevents.1.here'

test('the checksum is the Castagnoli one, rotated and shifted', () => {
  // RFC 3720, B.4: 32 bytes of zeroes have the CRC-32C aa36918a (as bytes on the wire).
  const crc = 0x8a9136aa
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
  expect(maskedCrc(Buffer.alloc(32), 0, 32)).toBe(masked)
})

test("Lightning's event files have the steps, epochs and values of its table", async () => {
  const table = await readRun(join(fixtures, 'lightning/version_0'))
  const { events, source } = await readRun(join(fixtures, 'tensorboard/lightning'))
  expect(source).toBe('tensorboard')
  const plain = (some: TrainingEvent[]) =>
    evaluations(some).map(({ step, epoch, values }) => ({ step, epoch, values }))
  expect(plain(events)).toEqual(plain(table.events))
  const losses = (some: TrainingEvent[]) =>
    metrics(some).flatMap(({ step, values: { loss } }) =>
      loss === undefined ? [] : [[step, loss]],
    )
  expect(losses(events)).toEqual(losses(table.events))
})

test("HuggingFace's event files count steps and have the metric names of its states", async () => {
  const [folder = ''] = await readdir(join(fixtures, 'huggingface/runs'))
  const { events } = await readRun(join(fixtures, 'huggingface/runs', folder))
  expect(metrics(events).map(({ step, epoch }) => [step, epoch])).toEqual([
    [5, 0.5],
    [10, 1],
    [15, 1.5],
    [20, 2],
    [25, 2.5],
    [30, 3],
  ])
  for (const { values } of metrics(events)) {
    expect(Object.keys(values)).toEqual(['loss', 'grad_norm', 'learning_rate'])
  }
  // The last evaluation after training, of another writer, repeats the last step.
  expect(evaluations(events).map(({ step }) => step)).toEqual([5, 10, 15, 20, 25, 30, 30])
  expect(evaluations(events).at(-1)?.values['eval_loss']).toBeCloseTo(0.1221, 4)
})

test('Keras counts epochs from 0, with one writer per folder and tensors as numbers', async () => {
  await using folder = await temporaryFolder()
  for (const [writer, shift] of [
    ['train', 0],
    ['validation', 1],
  ] as const) {
    await mkdir(join(folder.path, writer))
    const records = [0, 1].map((epoch) =>
      eventRecord(epoch, [
        { tag: 'epoch_loss', value: epoch + shift, as: 'tensor' },
        { tag: 'epoch_accuracy', value: 0.5, as: 'tensor' },
        { tag: 'evaluation_loss_vs_iterations', value: 9, as: 'tensor' },
      ]),
    )
    await writeFile(join(folder.path, writer, `${NAME}.v2`), Buffer.concat(records))
  }
  const { events } = await readRun(folder.path)
  expect(metrics(events)).toMatchObject([
    { step: 1, values: { loss: 0, accuracy: 0.5 } },
    { step: 2, values: { loss: 1, accuracy: 0.5 } },
  ])
  expect(evaluations(events).map(({ step, values }) => ({ step, values }))).toEqual([
    { step: 1, values: { eval_loss: 1, eval_accuracy: 0.5 } },
    { step: 2, values: { eval_loss: 2, eval_accuracy: 0.5 } },
  ])
})

test("the event files of Keras' callback have its history and the best saved epoch", async () => {
  const run = join(fixtures, 'tensorboard/keras')
  const history = JSON.parse(await readFile(join(run, 'history.json'), 'utf8')) as Record<
    'loss' | 'mae' | 'val_loss' | 'val_mae',
    number[]
  >
  await using folder = await temporaryFolder()
  await cp(run, folder.path, { recursive: true })
  const epochs = history.loss.map((_, index) => index + 1)
  for (const epoch of epochs) {
    await writeFile(join(folder.path, `model-0${epoch}.keras`), zip())
  }
  const { events, source } = await readRun(folder.path)
  expect(source).toBe('tensorboard')
  // The callback also logged the four batches of each epoch, but a step is still an epoch.
  expect(metrics(events)).toMatchObject(
    epochs.map((epoch, at) => {
      return { step: epoch, epoch, values: { loss: history.loss[at], mae: history.mae[at] } }
    }),
  )
  expect(evaluations(events).map(({ step, epoch, values }) => ({ step, epoch, values }))).toEqual(
    epochs.map((epoch, at) => {
      const values = { eval_loss: history.val_loss[at], eval_mae: history.val_mae[at] }
      return { step: epoch, epoch, values }
    }),
  )
  const lowest = Math.min(...history.val_loss)
  expect(await pick(folder.path)).toMatchObject({
    best_metric: lowest,
    best_checkpoint_path: join(folder.path, `model-0${history.val_loss.indexOf(lowest) + 1}.keras`),
  })
})

test('a growing file is read record by record, and an incomplete record waits', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, NAME)
  const [first, second] = [1, 2].map((step) => eventRecord(step, [{ tag: 'loss', value: step }]))
  await writeFile(path, Buffer.concat([first!, second!.subarray(0, 9)]))
  const reader = TENSORBOARD.open({ root: folder.path, cursor: null, isOver: false })
  const begun = await reader.next()
  expect(metrics(begun.events)).toMatchObject([{ step: 1, values: { loss: 1 } }])
  expect((await reader.next()).cursor).toBe(begun.cursor)
  await appendFile(path, second!.subarray(9))
  const anew = TENSORBOARD.open({ root: folder.path, cursor: begun.cursor, isOver: false })
  expect(await anew.next()).toMatchObject({ replace: false, events: [{ step: 2 }] })
})

test('a damaged record is skipped with a warning, and so is all data after a damaged length', async () => {
  await using folder = await temporaryFolder()
  const records = [1, 2, 3, 4, 5].map((step) => eventRecord(step, [{ tag: 'loss', value: step }]))
  records[1]!.writeUInt8(255, 30)
  records[3]!.writeUInt8(255, 9)
  await writeFile(join(folder.path, NAME), Buffer.concat(records))
  const { events } = await readRun(folder.path)
  expect(metrics(events).map(({ step }) => step)).toEqual([1, 3])
  expect(events.filter(({ type }) => type === 'log')).toHaveLength(1)
})

test('a record longer than a piece is skipped', async () => {
  await using folder = await temporaryFolder()
  const point = (step: number) => eventRecord(step, [{ tag: 'loss', value: step }])
  const picture = record(Buffer.alloc(3 << 20))
  await writeFile(join(folder.path, NAME), Buffer.concat([point(1), picture, point(2)]))
  const { events } = await readRun(folder.path)
  expect(metrics(events).map(({ step }) => step)).toEqual([1, 2])
})

test('a writer that goes back begins a new attempt, and NaN stays NaN', async () => {
  await using folder = await temporaryFolder()
  const points = (steps: number[]) =>
    Buffer.concat(steps.map((step) => eventRecord(step, [{ tag: 'train/loss', value: NaN }])))
  await writeFile(join(folder.path, `${NAME}.0`), points([10, 20, 30]))
  await writeFile(join(folder.path, `${NAME}.1`), points([20, 30, 40]))
  const { events } = await readRun(folder.path)
  expect(metrics(events).map(({ attempt, step }) => `${attempt}:${step}`)).toEqual([
    '0:10',
    '0:20',
    '0:30',
    '1:20',
    '1:30',
    '1:40',
  ])
  expect(metrics(events).every(({ values }) => Number.isNaN(values['loss']))).toBe(true)
})

test('with state files and event files, the states have priority and the events fill gaps', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await mkdir(join(root, 'runs', 'now'), { recursive: true })
  const log_history = [10, 20].map((step) => ({ step, loss: step, epoch: 1 }))
  const state = { global_step: 20, max_steps: 100, log_history }
  await writeFile(join(root, 'trainer_state.json'), JSON.stringify(state))
  const records = [10, 20, 30].map((step) =>
    eventRecord(step, [
      { tag: 'train/loss', value: step + 0.5 },
      { tag: 'gpu/memory', value: step },
    ]),
  )
  await writeFile(join(root, 'runs', 'now', NAME), Buffer.concat(records))
  await cp(root, join(folder.path, 'copy'), { recursive: true })
  const { events, source } = await readRun(root)
  expect(source).toBe('huggingface')
  expect(metrics(events).map(({ step, values }) => ({ step, values }))).toEqual([
    { step: 10, values: { loss: 10 } },
    { step: 20, values: { loss: 20 } },
    { step: 10, values: { 'gpu/memory': 10 } },
    { step: 20, values: { 'gpu/memory': 20 } },
    // The states do not have these steps yet.
    { step: 30, values: { loss: 30.5, 'gpu/memory': 30 } },
  ])
  const texts = events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  expect(texts).toEqual([
    'This run is read from the files of huggingface; tensorboard adds gpu/memory',
  ])
})

test("event files in `runs` belong to the Trainer's folder, also before its first save", async () => {
  const names = await readdir(join(fixtures, 'huggingface/runs'))
  await using tree = await temporaryFolder()
  const found = async (): Promise<string[]> => {
    const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
    const roots: string[] = []
    for await (const { root } of searchRuns(tree.path, walk)) roots.push(relative(tree.path, root))
    return roots
  }
  const root = join(tree.path, 'hf')
  await cp(join(fixtures, 'huggingface/runs'), join(root, 'runs'), { recursive: true })
  expect(await found()).toEqual(['hf'])
  const { events, source } = await readRun(root)
  expect(source).toBe('tensorboard')
  expect(metrics(events).map(({ step }) => step)).toEqual([5, 10, 15, 20, 25, 30])
  // Once it saves, the same folder is the run.
  await mkdir(join(root, 'checkpoint-5'))
  expect(await found()).toEqual(['hf'])
  // Other programs write one run per folder into `runs`.
  await rename(root, join(tree.path, 'experiments'))
  await rmdir(join(tree.path, 'experiments/checkpoint-5'))
  expect(await found()).toEqual(names.map((name) => `experiments/runs/${name}`))
})

/** Attempt, step and values of what is measured in event files, by their paths in a run's folder. */
async function attemptsAndValues(files: Record<string, Buffer[]>) {
  await using folder = await temporaryFolder()
  for (const [path, records] of Object.entries(files)) {
    await mkdir(join(folder.path, path, '..'), { recursive: true })
    await writeFile(join(folder.path, path), Buffer.concat(records))
  }
  const { events } = await readRun(folder.path)
  return [...metrics(events), ...evaluations(events)].map(({ attempt, step, values }) => {
    return [attempt, step, values]
  })
}

test('Lightning counts batches, also if its tags have folders', async () => {
  const records = [
    eventRecord(99, [
      { tag: 'train/loss', value: 2 },
      { tag: 'epoch', value: 0 },
    ]),
    eventRecord(99, [
      { tag: 'val/loss', value: 3 },
      { tag: 'epoch', value: 0 },
    ]),
  ]
  expect(await attemptsAndValues({ [NAME]: records })).toEqual([
    [0, 100, { loss: 2 }],
    [0, 100, { eval_loss: 3 }],
  ])
})

test('a step that is logged many times is one attempt', async () => {
  const records = [0, 0, 0, 1, 1].map((step) => eventRecord(step, [{ tag: 'loss', value: step }]))
  const attempts = (await attemptsAndValues({ [NAME]: records })).map(([attempt]) => attempt)
  expect(attempts).toEqual([0, 0, 0, 0, 0])
})

test('other event files of a rerun belong to the rerun', async () => {
  const fit = (tag: string, values: number[]) =>
    values.map((value, epoch) => eventRecord(epoch, [{ tag, value }]))
  const of = (folder: string, time: number) => `${folder}/events.out.tfevents.${time}.here`
  const values = await attemptsAndValues({
    [of('train', 1)]: fit('epoch_loss', [4, 3, 2]),
    [of('train', 2)]: fit('epoch_loss', [8, 7]),
    [of('validation', 1)]: fit('epoch_loss', [5, 4, 3]),
    [of('validation', 2)]: fit('epoch_loss', [9, 8]),
  })
  expect(values.filter(([, , of]) => 'eval_loss' in Object(of))).toEqual([
    [0, 1, { eval_loss: 5 }],
    [0, 2, { eval_loss: 4 }],
    [0, 3, { eval_loss: 3 }],
    [1, 1, { eval_loss: 9 }],
    [1, 2, { eval_loss: 8 }],
  ])
})
