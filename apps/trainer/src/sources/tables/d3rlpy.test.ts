import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { pickled } from '../../checkpoints/testing.ts'
import { command } from '../../commands/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readFolder } from '../foldersTesting.ts'
import { readRun } from '../readRun.ts'
import { searchRuns } from '../runSearch.ts'

// The folder is written as the source of d3rlpy writes it; the numbers are made up.

/** A table of one metric, with a row per epoch of 1,000 steps. */
const table = (values: readonly number[]) =>
  values.map((value, index) => `${index + 1},${1000 * (index + 1)},${value}\n`).join('')

const models = (steps: readonly number[]) =>
  Object.fromEntries(steps.map((step) => [`model_${step}.d3`, pickled('torch', String(step))]))

const CONFIG = { observation_shape: { type: 'array', shape: [3] }, action_size: 1, config: {} }

const RUN = {
  'params.json': JSON.stringify(CONFIG, null, 2),
  'critic_loss.csv': table([3, 2, 1, 0.5]),
  'loss.csv': table([4, 3, 2, 1]),
  'time_step.csv': table([0.1, 0.1, 0.1, 0.1]),
  'q_funcs.0_grad.csv': 'epoch,step,min,max,mean,std\n1,1000,0.1,0.3,0.2,0.1\n',
  ...models([1000, 2000, 3000, 4000]),
}

test.each(['environment', 'evaluation'])(
  'the highest return of d3rlpy is best: %s',
  async (name) => {
    const { best, rows, steps } = await readFolder({
      ...RUN,
      [`${name}.csv`]: table([-200, 10, 150, 90]),
    })
    expect(best).toEqual(['model_3000.d3', 3000, name, 150])
    expect(Object.values(steps)).toEqual([1000, 2000, 3000, 4000])
    expect(rows.checkpoints.every(({ files_state }) => files_state === 'complete')).toBe(true)
  },
)

test('the times of its files show nothing, and a series that a person names decides', async () => {
  await using folder = await temporaryFolder()
  const files = { ...RUN, 'environment.csv': table([-200, 10, 150, 90]) }
  await writeFiles(folder.path, files)
  for (const [index, name] of Object.keys(files).entries()) {
    const at = 1_700_000_000 + ((index * 7) % 5) * 86_400
    await utimes(join(folder.path, name), at, at)
  }
  const pick = async (...options: string[]) =>
    (await command(['pick', folder.path, ...options])).stdout
  expect(await pick()).toContain(
    'Step 3,000 is best: environment 150, the highest of 4 checkpoints.',
  )
  expect(await pick('--metric', 'critic_loss')).toContain('model_4000.d3')
})

test('a second training in the same folder is a further attempt', async () => {
  await using folder = await temporaryFolder()
  const environment = table([-200, 10, 150, 90]) + table([20, 30])
  const second = { 'loss.csv': table([4, 3, 2, 1]) + table([1, 1]), 'environment.csv': environment }
  await writeFiles(folder.path, { ...RUN, ...second })
  const rows = rowsFrom((await readRun(folder.path)).events)
  expect(rows.evaluations.map(({ attempt, step }) => [attempt, step])).toEqual([
    ...[1, 2, 3, 4].map((epoch) => [0, 1000 * epoch]),
    ...[1, 2].map((epoch) => [1, 1000 * epoch]),
  ])
  // The names are those of the first training, so two of its files are replaced.
  expect(rows.checkpoints.map(({ path, attempt }) => [path, attempt])).toEqual([
    ['model_1000.d3', 1],
    ['model_2000.d3', 1],
    ['model_3000.d3', 0],
    ['model_4000.d3', 0],
  ])
  expect(select({ policy: 'as_declared', ...rows }).metric).toBe('environment')
})

test('tables without a head beside other options are not those of d3rlpy', async () => {
  const files = { ...RUN, 'params.json': '{"lr": 0.1}', 'environment.csv': table([1, 2]) }
  await expect(readFolder(files)).rejects.toThrow('No training run found')
})

test('a folder of d3rlpy below the searched one is found', async () => {
  await using folder = await temporaryFolder()
  const files = { ...RUN, 'environment.csv': table([-200, 10, 150, 90]) }
  const below = Object.entries(files).map(([name, text]) => [`d3rlpy_logs/CQL_1/${name}`, text])
  await writeFiles(folder.path, Object.fromEntries(below) as Record<string, string | Uint8Array>)
  const found: string[] = []
  const { signal } = new AbortController()
  for await (const { root } of searchRuns(folder.path, { signal, onUnreadable: () => undefined }))
    found.push(root)
  expect(found).toEqual([join(folder.path, 'd3rlpy_logs/CQL_1')])
})
