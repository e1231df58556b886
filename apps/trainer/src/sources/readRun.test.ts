import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readerWarnings } from './events/newEvents.ts'
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
  expect(message).toMatch(/^No training run found in .* in prices\.csv\. Supported files: /)
  for (const mark of marks) expect(message).toContain(mark)
})

test('the error for weights without a log names both, and does not say that nothing is there', async () => {
  await using folder = await temporaryFolder()
  const names = [1, 2, 3, 4].map((epoch) => `net_${epoch}.pth`)
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [name, torchFile({})])))
  await writeFiles(folder.path, { 'loss_log.txt': '---- losses ----\n' })
  await expect(readRun(folder.path)).rejects.toThrow(
    `No training run found in ${folder.path}. It has weights (net_1.pth, net_2.pth, net_3.pth and 1 more). ` +
      'No reader recognised a line with a step or an epoch and a value in loss_log.txt. ' +
      `If the log is in another folder, give both to pick, import or watch: LOG_FOLDER --checkpoints ${folder.path}.`,
  )
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

test('the only run below a folder is read, and a note says where it is', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'exp/one/log.csv': 'epoch,val_loss\n1,0.9\n2,0.5\n',
    'exp/one/epoch_2.pt': torchFile({}),
    'README.md': 'two experiments',
  })
  const run = await readRun(folder.path)
  expect(run.root).toBe(join(folder.path, 'exp/one'))
  expect(readerWarnings(run.events)).toEqual([
    `The only run below ${folder.path} is in ${join(folder.path, 'exp/one')}`,
  ])
})

test('the error for a folder with several runs names them, and what to do', async () => {
  await using folder = await temporaryFolder()
  const names = ['a', 'b', 'c', 'd', 'e']
  const files = names.map((name) => [`exp/${name}/log.csv`, 'epoch,val_loss\n1,0.9\n2,0.5\n'])
  await writeFiles(folder.path, Object.fromEntries(files) as Record<string, string>)
  await expect(readRun(folder.path)).rejects.toThrow(
    `${folder.path} is not a run itself. Runs below it: exp/a, exp/b, exp/c and 2 more. ` +
      `Give one of them, such as ${folder.path}/exp/a. ` +
      `To compare them: bestmark import ${folder.path}.`,
  )
})

test('the search of many runs ends early, and the error says that there are more', async () => {
  await using folder = await temporaryFolder()
  const names = Array.from({ length: 25 }, (_, index) => String(index + 10))
  const files = names.map((name) => [`run_${name}/log.csv`, 'epoch,val_loss\n1,0.9\n2,0.5\n'])
  await writeFiles(folder.path, Object.fromEntries(files) as Record<string, string>)
  await expect(readRun(folder.path)).rejects.toThrow(
    'Runs below it: run_10, run_11, run_12 and at least 17 more.',
  )
})
