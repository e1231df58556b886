import { cp, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'
import { searchRuns } from './runSearch.ts'

/** What real runs wrote, beside the scripts that made them. */
const FIXTURES = fileURLToPath(new URL('fixtures/programs', import.meta.url))

/** The best of a recorded run, read with some more files. */
async function bestOf(recorded: string, files: Readonly<Record<string, string | Uint8Array>>) {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, recorded), folder.path, { recursive: true })
  await writeFiles(folder.path, files)
  const { events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  const found = [best?.path, best?.step, metric, best?.value]
  return { found, rows, started: events.filter(({ type }) => type === 'started').at(-1) }
}

const SAVED_BY_SKORCH = Object.fromEntries(
  ['params.pt', 'optimizer.pt', 'criterion.pt', 'train_end_params.pt'].map((name) => [
    name,
    torchFile({}),
  ]),
)

test("skorch's weights belong to the last epoch in the history beside them, and the metric of its callback decides", async () => {
  const { found, rows, started } = await bestOf('skorch', SAVED_BY_SKORCH)
  expect(found).toEqual(['params.pt', 5, 'valid_acc', 0.75])
  expect(rows.evaluations).toHaveLength(12)
  expect(Object.keys(rows.evaluations[0]?.values ?? {})).toEqual(['eval_loss', 'valid_acc'])
  expect(rows.checkpoints.map(({ path, step }) => [path, step])).toEqual([
    ['params.pt', 5],
    ['train_end_params.pt', 12],
  ])
  const declared_by = 'train_end_history.json, which saves where valid_acc is best'
  expect(started).toMatchObject({ direction: 'max', metric_is_inferred: false, declared_by })
})

test('the direction of an unknown score is that of its best epochs, as skorch marks them', async () => {
  const recorded = await readFile(join(FIXTURES, 'skorch/history.json'), 'utf8')
  const history = recorded.replaceAll('valid_acc', 'zorp')
  const { found, started } = await bestOf('skorch', {
    ...SAVED_BY_SKORCH,
    'history.json': history,
    'train_end_history.json': history,
  })
  expect(found).toEqual(['params.pt', 5, 'eval_zorp', 0.75])
  expect(started).toMatchObject({ direction: 'max' })
})

test("PyTorch-Ignite's printed results are of the held-out data, and its names count epochs", async () => {
  const { found, rows } = await bestOf('ignite', {})
  // The script printed this name as that of the best model.
  expect(found).toEqual(['best_model_1_neg_val_loss=-0.7956.pt', 1, 'eval_loss', 0.7956])
  expect(rows.evaluations.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(rows.checkpoints).toContainEqual(
    expect.objectContaining({ path: 'best_model_2_neg_val_loss=-1.3437.pt', step: 2 }),
  )
})

test('a history that skorch did not write does not show the epoch of weights', async () => {
  const history = [0.9, 0.7, 0.8].map((val_loss, index) => ({ epoch: index + 1, val_loss }))
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'history.json': JSON.stringify(history),
    'params.pt': torchFile({}),
    'other_params.pt': torchFile({}),
  })
  const { checkpoints } = rowsFrom((await readRun(folder.path)).events)
  expect(checkpoints.map(({ step }) => step)).toEqual([null, null])
})

test('a printed table with colours may have empty cells, as that of skorch', async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'skorch_printed.txt'), join(folder.path, 'train.log'))
  const { evaluations } = rowsFrom((await readRun(folder.path)).events)
  const history = JSON.parse(
    await readFile(join(FIXTURES, 'skorch/train_end_history.json'), 'utf8'),
  )
  expect(evaluations.map(({ step, values }) => [step, values['valid_acc']])).toEqual(
    history.map(({ epoch, valid_acc }: Record<string, number>) => [
      epoch,
      Number(valid_acc!.toFixed(4)),
    ]),
  )
})

test("fastai's metrics are of the validation set, and its files count epochs as its table does", async () => {
  const names = [0, 1, 2, 3, 4, 5, 6, 7].map((epoch) => `models/model_${epoch}.pth`)
  const saved = Object.fromEntries(names.map((name) => [name, torchFile({})]))
  const { found, rows } = await bestOf('fastai', saved)
  expect(found).toEqual(['models/model_0.pth', 1, 'eval_loss', 0.6917382478713989])
  expect(rows.evaluations[1]?.values).toEqual({
    eval_loss: 1.0829318761825562,
    accuracy: 0.675000011920929,
  })
})

test.each([
  ['before the last row: it is of the best one', 1_000, '0.99', 1],
  ['after the last row: its epoch is not known', -1_000, '0.99', null],
  ['before the last row, but the metrics differ: its epoch is not known', 1_000, '0.1', null],
])("fastai's model.pth was saved %s", async (_when, earlier, accuracy, step) => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'fastai'), folder.path, { recursive: true })
  const table = join(folder.path, 'history.csv')
  // The loss is lowest in the first row.
  const recorded = await readFile(table, 'utf8')
  await writeFile(table, recorded.replace(/^(0,[^,]*,[^,]*),[^,]*/m, `$1,${accuracy}`))
  await writeFiles(folder.path, { 'models/model.pth': torchFile({}) })
  const time = new Date((await stat(table)).mtimeMs - earlier)
  await utimes(join(folder.path, 'models/model.pth'), time, time)
  const { checkpoints } = rowsFrom((await readRun(folder.path)).events)
  expect(checkpoints.map(({ path, step }) => [path, step])).toEqual([['models/model.pth', step]])
})

test("metrics of a table that is not fastai's are of the training data", async () => {
  await using folder = await temporaryFolder()
  const table = 'epoch,loss,accuracy,val_loss\n0,0.5,0.6,0.7\n1,0.4,0.7,0.6\n'
  await writeFiles(folder.path, { 'history.csv': table })
  const { evaluations } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ values }) => values)).toEqual([{ eval_loss: 0.7 }, { eval_loss: 0.6 }])
})

test('each trial of Ray Tune is a run, whose log names its checkpoints', async () => {
  const found = new Map<string, (string | number | null | undefined)[]>()
  const walk = { signal: AbortSignal.timeout(60_000), onUnreadable: () => undefined }
  for await (const { root } of searchRuns(join(FIXTURES, 'ray'), walk)) {
    const rows = rowsFrom((await readRun(root)).events)
    const { best, missed_best } = select({ policy: 'as_declared', ...rows })
    const trial = /\d{5}_(\d)_/.exec(root)?.[1] ?? root
    found.set(trial, [best?.path, best?.step, best?.value, missed_best?.value])
  }
  // The losses are in the script. Ray kept the best two checkpoints and the last one.
  expect(Object.fromEntries(found)).toEqual({
    0: ['checkpoint_000002', 3, 0.6, undefined],
    1: ['checkpoint_000001', 2, 0.8, undefined],
  })
})
