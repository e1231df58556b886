import { copyFile, mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { identifyRun } from '../identity.ts'
import { readRun } from '../readRun.ts'
import { readWandbLog } from './wandbLog.ts'
import { bytesOfFile } from '../../files/runFile.ts'

const FIXTURE = fileURLToPath(new URL('../fixtures/trackers/run-best.wandb', import.meta.url))
const SAVED = [100, 200, 300].map((step) => `checkpoints/checkpoint_${step}.pt`)
const RUN = 'wandb/run-20261120_100000-best'

/** When the recorded run began (ms). */
async function begun(): Promise<number> {
  const records = readWandbLog(await bytesOfFile(FIXTURE)) ?? []
  const run = records.find((one) => one.kind === 'run')
  return run?.started_at ?? NaN
}

/** A project with weights that were saved at a time, beside runs of W&B that ended at some times. */
async function project(savedAt: number, ends: Readonly<Record<string, number>>) {
  const folder = await temporaryFolder()
  const at = (path: string, time: number) => {
    return utimes(join(folder.path, path), time / 1000, time / 1000)
  }
  await writeFiles(folder.path, Object.fromEntries(SAVED.map((name) => [name, torchFile({})])))
  for (const name of SAVED) await at(name, savedAt)
  for (const [run, end] of Object.entries(ends)) {
    const file = `${run}/run-best.wandb`
    await mkdir(join(folder.path, run), { recursive: true })
    await copyFile(FIXTURE, join(folder.path, file))
    await at(file, end)
  }
  return folder
}

const stepsOf = async (path: string) => {
  const { source, events } = await readRun(path)
  const { checkpoints } = rowsFrom(events)
  const { name } = (await identifyRun(path)) ?? {}
  return { source, name, steps: checkpoints.map(({ path, step }) => [path, step]) }
}
const JOINED = SAVED.map((path, index) => [path, 100 * (index + 1)])

test('the only run in the folder of W&B belongs to the weights beside it, also in a copy with other times', async () => {
  const from = await begun()
  for (const savedAt of [from + 1_000, from + 9e8]) {
    await using folder = await project(savedAt, { [RUN]: from + 5_000 })
    const found = await stepsOf(folder.path)
    expect(found).toEqual({ source: 'wandb_beside', name: 'second is best', steps: JOINED })
  }
})

test('weights that are older than the run of W&B are not its weights', async () => {
  const from = await begun()
  await using folder = await project(from - 60_000, { [RUN]: from + 5_000 })
  await expect(stepsOf(folder.path)).rejects.toThrow('do not show which run of W&B saved them')
})

test('of several runs of W&B, the one that was active when the weights were saved is read, else the error names them', async () => {
  const from = await begun()
  const other = 'wandb/run-20261119_100000-other'
  // Both copies of the recording begin at the same time, so only their ends differ.
  const ends = { [other]: from + 1_000, [RUN]: from + 9e6 }
  await using folder = await project(from + 8e6, ends)
  expect(await stepsOf(folder.path)).toMatchObject({ steps: JOINED })
  await using unclear = await project(from + 500, ends)
  const weights = join(unclear.path, 'checkpoints')
  await expect(stepsOf(unclear.path)).rejects.toThrow(
    `(${other}, ${RUN}). Give it and the weights to pick, import or watch: ${join(unclear.path, other)} --checkpoints ${weights}`,
  )
})

test('without its history, a run of W&B is read by what its program printed, else the error says how to get it', async () => {
  await using folder = await temporaryFolder()
  const printed = [5, 2, 3].map((loss, index) => `Epoch ${index + 1}/3: val_loss ${loss}\n`)
  await writeFiles(folder.path, {
    ...Object.fromEntries([1, 2, 3].map((epoch) => [`saved/epoch_${epoch}.pt`, torchFile({})])),
    [`${RUN}/files/wandb-summary.json`]: JSON.stringify({ epoch: 3, val_loss: 3 }),
  })
  await expect(readRun(folder.path)).rejects.toThrow('run-best.wandb is missing')
  await writeFiles(folder.path, { [`${RUN}/files/output.log`]: printed.join('') })
  // Weights that are older than the run are not its weights, as far as the times show.
  const weights = join(folder.path, 'saved')
  for (const epoch of [1, 2, 3]) await utimes(join(weights, `epoch_${epoch}.pt`), 1e9, 1e9)
  await expect(readRun(folder.path)).rejects.toThrow(
    `${join(folder.path, RUN, 'files')} --checkpoints ${weights}`,
  )
  for (const epoch of [1, 2, 3]) await utimes(join(weights, `epoch_${epoch}.pt`), 2e9, 2e9)
  const { evaluations, checkpoints } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ step, values }) => [step, values['eval_loss']])).toEqual([
    [1, 5],
    [2, 2],
    [3, 3],
  ])
  expect(checkpoints.map(({ step }) => step)).toEqual([1, 2, 3])
})

test("W&B's summary, which has only last values, is no log beside the output of its run", async () => {
  await using folder = await temporaryFolder()
  const printed = [5, 2, 3].map((loss, index) => `Epoch ${index + 1}/3: val_loss ${loss}\n`)
  await writeFiles(folder.path, {
    ...Object.fromEntries([1, 2, 3].map((epoch) => [`epoch_${epoch}.pt`, torchFile({})])),
    'wandb-summary.json': JSON.stringify({ epoch: 3, train_loss: 1, val_loss: 3 }),
    'output.log': printed.join(''),
  })
  expect((await stepsOf(folder.path)).steps).toEqual(
    [1, 2, 3].map((epoch) => [`epoch_${epoch}.pt`, epoch]),
  )
})
