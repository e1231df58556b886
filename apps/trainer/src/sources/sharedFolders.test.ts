import { join } from 'node:path'
import { rowsFrom } from '@bestmark/core'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'
import { searchRuns } from './runSearch.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

const BEGIN = 1_795_000_000
const before = process.env['BESTMARK_HOME']
afterEach(() => {
  if (before === undefined) delete process.env['BESTMARK_HOME']
  else process.env['BESTMARK_HOME'] = before
})

/** The evaluated losses of every run below a folder with these files, by its name. */
async function runsIn(files: Record<string, string | Uint8Array>) {
  await using folder = await temporaryFolder()
  process.env['BESTMARK_HOME'] = join(folder.path, 'home')
  await writeFiles(join(folder.path, 'runs'), files)
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const found: Record<string, string> = {}
  for await (const { name, root } of searchRuns(join(folder.path, 'runs'), walk)) {
    const { evaluations } = rowsFrom((await readRun(root)).events)
    found[name] = evaluations
      .map(({ attempt, step, values }) => `${attempt}:${step}=${values['eval_loss']}`)
      .join(' ')
  }
  return found
}

/** An event file of torch: one step per minute. */
function training(minute: number, process: number, losses: readonly number[], from = 1) {
  const name = `events.out.tfevents.${BEGIN + 60 * minute}.host.${process}.0`
  const records = losses.map((loss, index) => {
    const values = ['train/loss', 'val/loss'].map((tag) => ({ tag, value: loss }))
    return eventRecord(from + index, values, BEGIN + 60 * (minute + 1 + index))
  })
  return { [name]: Buffer.concat(records) }
}

test('two trainings at the same time in one folder of event files are two runs', async () => {
  const both = { ...training(0, 7, [3, 2, 1]), ...training(1, 8, [6, 5, 4]) }
  expect(await runsIn(both)).toEqual({ runs: '0:1=3 0:2=2 0:3=1', 'runs-8': '0:1=6 0:2=5 0:3=4' })
})

test('a renamed table beside a new one is a separate run, and each is read once', async () => {
  const table = (...rows: string[]) => `epoch,loss,val_loss\n${rows.join('\n')}\n`
  const both = {
    'history_old.csv': table('1,0.9,0.8', '2,0.8,0.5', '3,0.7,0.6'),
    'history.csv': table('1,0.95,0.85', '2,0.85,0.75'),
  }
  expect(await runsIn(both)).toEqual({
    runs: '0:1=0.85 0:2=0.75',
    'runs-history_old': '0:1=0.8 0:2=0.5 0:3=0.6',
  })
})

test('a third training after both is a further attempt of the first one', async () => {
  const all = {
    ...training(0, 7, [3, 2]),
    ...training(1, 8, [6, 5]),
    ...training(9, 9, [1], 3),
  }
  expect(await runsIn(all)).toEqual({ runs: '0:1=3 0:2=2 1:3=1', 'runs-8': '0:1=6 0:2=5' })
})

test('a process that only evaluates at the same time is not a separate run', async () => {
  const evaluated = eventRecord(2, [{ tag: 'val/acc', value: 1 }], BEGIN + 100)
  const name = `events.out.tfevents.${BEGIN + 30}.host.8.0`
  const found = await runsIn({ ...training(0, 7, [3, 2, 1]), [name]: evaluated })
  expect(Object.keys(found)).toEqual(['runs'])
})

/** The output of nanoGPT: its options, and an evaluation every 100 steps. */
const nanoGpt = (rate: string, losses: readonly number[], from = 0): string =>
  [
    `learning_rate = ${rate}`,
    'max_iters = 1000',
    ...losses.map((loss, index) => {
      const step = from + 100 * index
      const value = loss.toFixed(4)
      return `step ${step}: train loss ${value}, val loss ${value}\niter ${step}: loss ${value}`
    }),
  ].join('\n') + '\n'

test('two outputs of nanoGPT with different options are two runs', async () => {
  const found = await runsIn({ 'a.log': nanoGpt('1e-3', [3, 2]), 'b.log': nanoGpt('1e-4', [6, 5]) })
  expect(found).toEqual({ runs: '0:0=3 0:100=2', 'runs-b': '0:0=6 0:100=5' })
})

test('an output that continues after another one is a further attempt', async () => {
  const found = await runsIn({
    'a.log': nanoGpt('1e-3', [3, 2, 2.5, 2.6]),
    'b.log': nanoGpt('1e-3', [2, 1, 1.5], 200),
  })
  expect(found).toEqual({ runs: '0:0=3 0:100=2 0:200=2.5 0:300=2.6 1:200=2 1:300=1 1:400=1.5' })
})

const epochs = (losses: readonly number[], from = 1): string =>
  losses
    .map(
      (loss, index) =>
        `Epoch ${from + index}: train_loss=${loss.toFixed(3)} val_loss=${loss.toFixed(3)}`,
    )
    .join('\n') + '\n'

test('logs of two complete trainings are two runs', async () => {
  const found = await runsIn({ 'a.log': epochs([3, 2, 1]), 'b.log': epochs([6, 5, 4]) })
  expect(found).toEqual({ runs: '0:1=3 0:2=2 0:3=1', 'runs-b': '0:1=6 0:2=5 0:3=4' })
})

test('a log that continues another one is a part of its run, with any names', async () => {
  const found = await runsIn({ 'first.log': epochs([3, 2]), 'again.log': epochs([1], 3) })
  expect(found).toEqual({ runs: '0:1=3 0:2=2 0:3=1' })
})

test('a log with the same values as another one is not a separate run', async () => {
  const found = await runsIn({ 'a.log': epochs([3, 2, 1]), 'console.log': epochs([3, 2, 1]) })
  expect(found).toEqual({ runs: '0:1=3 0:2=2 0:3=1' })
})

test('a file with the best line of a log is not an attempt of its run', async () => {
  const best = 'Epoch 3: train_loss=1.000 val_loss=1.000\n'.repeat(2)
  const found = await runsIn({ 'a.log': epochs([3, 2, 1, 1.5]), 'best.txt': best })
  expect(found).toEqual({ runs: '0:1=3 0:2=2 0:3=1 0:4=1.5' })
})

test('the logs of the processes of one training are one run', async () => {
  const found = await runsIn({
    'rank0.log': epochs([3, 2, 1]),
    'rank1.log': epochs([3.5, 2.5, 1.5]),
  })
  expect(Object.keys(found)).toEqual(['runs'])
})

test('tables of two trainings in one folder are two runs', async () => {
  const table = (loss: number): string =>
    `epoch,loss,val_loss\n1,${loss},${loss}\n2,${loss - 1},${loss - 1}\n`
  const found = await runsIn({ 'adam.csv': table(3), 'sgd.csv': table(6) })
  expect(found).toEqual({ runs: '0:1=3 0:2=2', 'runs-sgd': '0:1=6 0:2=5' })
})
