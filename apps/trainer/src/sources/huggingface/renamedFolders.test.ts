import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeOutput } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const LOG = [
  { step: 10, eval_loss: 2 },
  { step: 20, eval_loss: 1 },
]

async function bestIn(root: string) {
  const rows = rowsFrom((await readRun(root)).events)
  return select({ policy: 'as_declared', ...rows }).best?.path
}

test('checkpoints that a user renamed are found by the step in their states, with and without the state of the root', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [10, 20], log: LOG })
  const at = (name: string) => join(folder.path, name)
  for (const step of [10, 20]) await rename(at(`checkpoint-${step}`), at(`ckpt_${step}`))
  expect(await bestIn(folder.path)).toBe('ckpt_20')
  await rm(at('trainer_state.json'), { force: true })
  expect(await bestIn(folder.path)).toBe('ckpt_20')
  // Another number is not the step of the state, so the folder may be a run.
  await rename(at('ckpt_20'), at('seed_7'))
  expect(await bestIn(folder.path)).toBe('ckpt_10')
})

test('if no checkpoint has a state and there is no log, the error says so and names no save as cut short', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [10, 20], log: LOG })
  for (const path of ['.', 'checkpoint-10', 'checkpoint-20'])
    await rm(join(folder.path, path, 'trainer_state.json'), { force: true })
  await expect(readRun(folder.path)).rejects.toThrow(
    `No trainer_state.json found in ${folder.path} or in its checkpoints, so no evaluation is known.`,
  )
})
