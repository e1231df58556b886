import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, weightsOf, writeOutput } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'

const ROWS = [
  { step: 100, eval_loss: 0.8 },
  { step: 200, eval_loss: 0.5 },
  { step: 300, eval_loss: 0.7 },
]
const SUMMARY = { step: 300, train_runtime: 10 }

/** `training_args.bin` as far as it is read: one flag in a pickle of protocol 2. */
function argumentsFile(loads: boolean): Buffer {
  const name = Buffer.from('load_best_model_at_end')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(name.length)
  const flag = Buffer.from([...Buffer.from('q\x01'), loads ? 0x88 : 0x89])
  return Buffer.concat([Buffer.from('\x80\x02}X', 'latin1'), length, name, flag])
}

/** A run that kept only the weights in its root. */
async function writeRoot(root: string, log: readonly Record<string, number>[], loads?: boolean) {
  const state = { best_metric: 0.5, best_model_checkpoint: 'out/checkpoint-200', max_steps: 300 }
  await writeOutput(root, { saves: [300], log, state })
  await rm(join(root, 'checkpoint-300'), { recursive: true })
  await writeFile(join(root, 'model.safetensors'), weightsOf(1))
  if (loads !== undefined) await writeFile(join(root, 'training_args.bin'), argumentsFile(loads))
}

async function stepOfRoot(root: string) {
  const { events } = await readRun(root)
  const { checkpoints } = rowsFrom(events)
  return { steps: checkpoints.map(({ step }) => step), events }
}

test('weights in the root are those of the best checkpoint if it was loaded after training', async () => {
  await using folder = await temporaryFolder()
  await writeRoot(folder.path, [...ROWS, SUMMARY], true)
  const { steps, events } = await stepOfRoot(folder.path)
  expect(steps).toEqual([200])
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  expect(best).toMatchObject({ path: '.', step: 200, value: 0.5 })
})

test('weights in the root are those of the last step if no checkpoint was loaded', async () => {
  await using folder = await temporaryFolder()
  await writeRoot(folder.path, [...ROWS, SUMMARY], false)
  expect((await stepOfRoot(folder.path)).steps).toEqual([300])
})

test('weights in the root have an unknown step if no file says whether the best was loaded', async () => {
  await using folder = await temporaryFolder()
  await writeRoot(folder.path, [...ROWS, SUMMARY])
  const { steps, events } = await stepOfRoot(folder.path)
  expect(steps).toEqual([null])
  expect(readerWarnings(events).join()).toContain('load_best_model_at_end')
})

test('a checkpoint that was copied out of a run has the step of its state', async () => {
  await using folder = await temporaryFolder()
  await writeRoot(folder.path, ROWS, true)
  expect((await stepOfRoot(folder.path)).steps).toEqual([300])
})
