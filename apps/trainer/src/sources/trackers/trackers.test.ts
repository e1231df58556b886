import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { rowsFrom, type TrainingEvent } from '@bestmark/core'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { searchRuns } from '../runSearch.ts'
import { identifyRun } from '../identity.ts'
import { readRun } from '../readRun.ts'
import { storedEvents, storedRuns } from './store.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/trackers', import.meta.url))

/** Makes a store with the rows of a real one. */
async function storeIn(folder: string, name: 'mlflow' | 'trackio', file: string): Promise<string> {
  const path = join(folder, file)
  using database = new DatabaseSync(path)
  database.exec(await readFile(join(FIXTURES, `${name}.sql`), 'utf8'))
  return path
}

const losses = (events: readonly TrainingEvent[]) =>
  rowsFrom(events).evaluations.map(({ step, values }) => [step, values['eval_loss']])

const NAMED = ['second is best', 'digits']
const LOSSES = [
  [100, 0.9],
  [200, 0.6],
  [300, 0.64],
  [400, NaN],
]

test("MLflow's SQLite store gives each run with its parameters, end and artifacts", async () => {
  await using folder = await temporaryFolder()
  const path = await storeIn(folder.path, 'mlflow', 'mlflow.db')
  const [first] = storedRuns(path)
  const artifacts = `mlruns/1/${first?.id}/artifacts/checkpoints`
  await writeFiles(folder.path, {
    [`${artifacts}/checkpoint_100.pt`]: torchFile({}),
    [`${artifacts}/checkpoint_200.pt`]: torchFile({}),
  })
  const [best, broke] = storedRuns(path)
  expect([best?.name, best?.project]).toEqual(NAMED)
  expect(best).toMatchObject({ status: 'completed', config: { lr: '0.1' } })
  // The store names a folder of the machine that it was made on.
  expect(best?.root).toBe(join(folder.path, 'mlruns/1', best!.id))
  const events = await storedEvents(best!, path)
  expect(losses(events)).toEqual(LOSSES)
  const { declaration, checkpoints } = rowsFrom(events)
  expect(declaration.metric).toBe('eval_loss')
  expect(checkpoints.map(({ path, step }) => [path, step])).toEqual([
    ['artifacts/checkpoints/checkpoint_100.pt', 100],
    ['artifacts/checkpoints/checkpoint_200.pt', 200],
  ])
  expect(broke).toMatchObject({ status: 'failed', points: [{ value: Infinity }] })
})

test("Trackio's store gives each run of a project, with NaN", async () => {
  await using folder = await temporaryFolder()
  const path = await storeIn(folder.path, 'trackio', 'digits.db')
  const [best, short] = storedRuns(path)
  expect([best?.name, best?.project]).toEqual(NAMED)
  expect(best?.config).toEqual({ lr: 0.1 })
  expect(losses(await storedEvents(best!, path))).toEqual(LOSSES)
  expect(losses(await storedEvents(short!, path))).toEqual([[1, 1.8]])
})

test('any other SQLite file is refused with its name', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'other.db')
  {
    using database = new DatabaseSync(path)
    database.exec('CREATE TABLE cats (name TEXT)')
  }
  expect(() => storedRuns(path)).toThrow(
    `${path} is a SQLite file, but not from MLflow or Trackio. Only these two are supported.`,
  )
})

/** A folder as W&B writes one per run. */
async function wandbIn(folder: string, id: string): Promise<string> {
  const root = join(folder, `wandb/offline-run-20261126_100000-${id}`)
  await mkdir(root, { recursive: true })
  await copyFile(join(FIXTURES, `run-${id}.wandb`), join(root, `run-${id}.wandb`))
  return root
}

test("an offline W&B run has its name, the trainer's steps and its end", async () => {
  await using folder = await temporaryFolder()
  const root = await wandbIn(folder.path, 'best')
  const { name, project } = (await identifyRun(root))!
  expect([name, project]).toEqual(NAMED)
  const { source, events } = await readRun(root)
  expect(source).toBe('wandb')
  expect(losses(events)).toEqual(LOSSES)
  expect(events[0]).toMatchObject({ type: 'started', config: { lr: 0.1, model: { layers: 2 } } })
  expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'completed' })
})

test('a failed W&B run has failed, and the count of log calls is its step if there is no other', async () => {
  await using folder = await temporaryFolder()
  const { events } = await readRun(await wandbIn(folder.path, 'broke'))
  expect(losses(events)).toEqual([[200, 1.8]])
  expect(rowsFrom(events).declaration.metric).toBe('eval_loss')
  expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'failed' })
})

test('a cut W&B file is read up to the cut', async () => {
  await using folder = await temporaryFolder()
  const whole = await readFile(join(FIXTURES, 'run-best.wandb'))
  for (let bytes = 4; bytes < whole.length; bytes += 97) {
    await writeFiles(folder.path, { 'run-best.wandb': whole.subarray(0, bytes) })
    const { events } = await readRun(folder.path)
    expect(LOSSES.slice(0, losses(events).length)).toEqual(losses(events))
  }
})

test("copies of runs in W&B's folder are not separate runs when a tree is watched", async () => {
  await using folder = await temporaryFolder()
  const root = await wandbIn(folder.path, 'best')
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const found = async (path: string): Promise<number> => {
    let count = 0
    for await (const _run of searchRuns(path, walk)) count += 1
    return count
  }
  expect([await found(folder.path), await found(root)]).toEqual([0, 1])
})

test('a repository of Aim is recognised, and the error says how to export it', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { '.aim/run_metadata.sqlite': '', '.aim/seqs/LOCK': '' })
  for (const path of [folder.path, join(folder.path, '.aim')]) {
    await expect(readRun(path)).rejects.toThrow('a repository of Aim')
  }
})

/** A field of a protobuf message with bytes, which are shorter than 16 kB. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
  return Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length), ...bytes])
}

/** A W&B file with these rows, written by its documented format. */
function wandbFile(rows: readonly Readonly<Record<string, unknown>>[]): Buffer {
  const records = rows.map((row) => {
    const items = Object.entries(row).map(([name, value]) =>
      field(1, Buffer.concat([field(1, name), field(16, JSON.stringify(value))])),
    )
    const data = Buffer.concat([Buffer.from([1]), field(2, Buffer.concat(items))])
    const head = Buffer.alloc(6)
    head.writeUInt32LE(crc32(data))
    head.writeUInt16LE(data.length - 1, 4)
    return Buffer.concat([head, data])
  })
  return Buffer.concat([Buffer.from(':W&B\0\0\0', 'latin1'), ...records])
}

test("Lightning's rows in W&B count batches and epochs from 0, and its checkpoints completed steps", async () => {
  await using folder = await temporaryFolder()
  const rows = [0.9, 0.5, 0.7].map((val_loss, epoch) => {
    return { val_loss, epoch, 'trainer/global_step': 20 * (epoch + 1) - 1, _step: epoch }
  })
  const after = { test_loss: 0.5, epoch: 3, 'trainer/global_step': 60, _step: 3 }
  await writeFiles(folder.path, { 'run-a.wandb': wandbFile([...rows, after]) })
  const { events } = await readRun(folder.path)
  const measured = events.flatMap((event) =>
    event.type === 'evaluation' ? [[event.step, event.epoch]] : [],
  )
  // The test belongs to the last step.
  expect(measured).toEqual([1, 2, 3].map((epoch) => [20 * epoch, epoch]))
})
