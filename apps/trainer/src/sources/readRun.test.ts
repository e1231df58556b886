import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { readRun } from './readRun.ts'

test('the error for a folder without a run lists the supported files', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'prices.csv'), 'day,price\n1,2\n')
  const marks = [
    ...['journal.jsonl', 'trainer_state.json', 'checkpoint-N', 'all_results.json', 'metrics.csv'],
    ...['results.csv', 'Keras', 'trainer_log.jsonl', 'DVCLive', 'TensorBoard', 'nanoGPT'],
  ]
  const [error] = await Promise.allSettled([readRun(folder.path)])
  const { message } = (error as PromiseRejectedResult).reason as Error
  expect(message).toMatch(/^No training run found in .*\. Supported files: /)
  for (const mark of marks) expect(message).toContain(mark)
})

test('checkpoints without a state give an error with the reason', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'checkpoint-5'))
  await expect(readRun(folder.path)).rejects.toThrow(
    '. checkpoint-5: trainer_state.json is missing',
  )
})

test('the error for another file of a run names the folder to read', async () => {
  await using folder = await temporaryFolder()
  const table = join(folder.path, 'metrics.csv')
  await writeFile(table, 'epoch,step,val_loss\n0,9,1.5\n')
  await expect(readRun(table)).rejects.toThrow(
    `${table} is one file of a run. Give the run's folder instead: ${folder.path}.`,
  )
})
