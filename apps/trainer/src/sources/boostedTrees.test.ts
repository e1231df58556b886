import { cp, readFile, stat, truncate } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

/** What real runs wrote, beside the scripts that made them. */
const FIXTURES = fileURLToPath(new URL('fixtures/programs', import.meta.url))
const text = (path: string) => readFile(join(FIXTURES, path), 'utf8')

/** The run in a folder: its best, its checkpoints, and what it declares and claims. */
async function read(root: string) {
  const { events } = await readRun(root)
  const rows = rowsFrom(events)
  const { best, metric, missed_best } = select({ policy: 'as_declared', ...rows })
  const started = events.filter(({ type }) => type === 'started').at(-1)
  const claim = events.find(({ type }) => type === 'claim')
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  return {
    best: [best?.path, best?.step, metric, best?.value],
    missed_best,
    steps,
    started,
    claim,
    rows,
  }
}

/** A copy of what a program wrote, with some other files. */
async function copyOf(recorded: string, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const folder = await temporaryFolder()
  const isFile = (await stat(join(FIXTURES, recorded))).isFile()
  const target = isFile ? join(folder.path, basename(recorded)) : folder.path
  await cp(join(FIXTURES, recorded), target, { recursive: true })
  await writeFiles(folder.path, files)
  return folder
}

test("XGBoost's model belongs to the best iteration that it records, by the metric with that value", async () => {
  const { best, steps, started, claim, rows } = await read(join(FIXTURES, 'xgboost'))
  // The script printed `best 3 0.5129450108110905`, counted from 0. The error is lowest there, too.
  expect(best).toEqual(['model.json', 3, 'eval-logloss', 0.51295])
  expect(rows.evaluations).toHaveLength(12)
  // A numbered model has the weights of its last round, although it records the best round so far.
  expect(steps).toEqual({ 'model.json': 3, 'model_4.ubj': 4, 'model_8.ubj': 8 })
  expect(started).toMatchObject({ direction: 'min', declared_by: 'best_iteration 3 in model.json' })
  expect(claim).toMatchObject({ path: 'model.json', step: 3, metric: 'eval-logloss' })
})

test('without early stopping a model of XGBoost belongs to its last round', async () => {
  const model = await text('xgboost/model.json')
  await using folder = await copyOf('xgboost', {
    'model.json': model.replace(/"attributes":\{[^}]*\}/, '"attributes":{}'),
  })
  const { steps } = await read(folder.path)
  expect(steps).toMatchObject({ 'model.json': 11 })
})

test('if the best iteration was not printed, its value is the one in the model', async () => {
  const printed = (await text('xgboost/train.log')).split('\n')
  await using folder = await copyOf('xgboost', {
    'train.log': printed.filter((line) => /^\[(0|5|10|11)\]/.test(line)).join('\n'),
  })
  const { best, claim } = await read(folder.path)
  expect(best.slice(0, 3)).toEqual(['model.json', 3, 'eval-logloss'])
  expect(best[3]).toBeCloseTo(0.512945, 6)
  expect(claim).toMatchObject({ step: 3 })
})

test("LightGBM's model has its trees up to the best iteration, which its log says", async () => {
  const { best, started, rows } = await read(join(FIXTURES, 'lightgbm'))
  // The script printed `best 5`. The AUC is best at 6, so the loss stopped the training.
  expect(best).toEqual(['model.txt', 5, "valid_1's binary_logloss", 0.546187])
  expect(started).toMatchObject({ metric_is_inferred: true, direction: 'min', attempt: 0 })
  // The repeated line of the best iteration is not another evaluation.
  expect(rows.evaluations.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('a CatBoost model that was cut to its best iteration belongs to that iteration', async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'catboost_info'), join(folder.path, 'catboost_info'), { recursive: true })
  const model = await readFile(join(FIXTURES, 'catboost.cbm'))
  await writeFiles(folder.path, { 'model.cbm': model })
  const cut = await read(folder.path)
  expect(cut.best).toEqual(['model.cbm', 8, 'eval_Logloss', 0.5585553042])
  expect(cut.claim).toMatchObject({ path: 'model.cbm', step: 8 })
  const whole = model
    .toString('latin1')
    .replaceAll('"use_best_model":true', '"use_best_model":null')
  await writeFiles(folder.path, { 'model.cbm': Buffer.from(whole, 'latin1') })
  const { best, missed_best, claim } = await read(folder.path)
  expect(best.slice(0, 2)).toEqual(['model.cbm', 29])
  expect(missed_best).toMatchObject({ step: 8 })
  expect(claim).toMatchObject({ path: null, step: 8 })
})

test('without a recorded best iteration XGBoost decides by the last metric of the last set', async () => {
  const model = await text('xgboost/model.json')
  await using folder = await copyOf('xgboost/train.log', {
    'model.json': model.replace(/"attributes":\{[^}]*\}/, '"attributes":{}'),
  })
  const { best, missed_best, started } = await read(folder.path)
  expect(best.slice(0, 3)).toEqual(['model.json', 11, 'eval-logloss'])
  // The script printed `best 3 0.5129450108110905`.
  expect(missed_best).toMatchObject({ step: 3, value: 0.51295 })
  expect(started).toMatchObject({ metric_is_inferred: true, direction: 'min' })
})

test.each([
  ['xgboost', 'xgboost/model.json', ['model.json', 3, 'eval-logloss', 0.5129450108110905]],
  ['lightgbm', 'lightgbm/model.txt', ['model.txt', 5, "valid_1's binary_logloss", 0.546187]],
  ['catboost', 'catboost.cbm', ['model.cbm', 8, 'validation-Logloss', 0.5585553041681429]],
])('evaluation results as JSON are a log: %s', async (program, model, wanted) => {
  await using folder = await copyOf(`evals_result/${program}.json`, {
    [String(wanted[0])]: await readFile(join(FIXTURES, model)),
  })
  const { best } = await read(folder.path)
  expect(best.slice(0, 3)).toEqual(wanted.slice(0, 3))
  expect(best[3]).toBeCloseTo(Number(wanted[3]), 6)
})

test("LightGBM's loss decides if its model has all trees of the log", async () => {
  const log = [0.6, 0.5, 0.55].map((loss, index) => {
    const auc = [0.7, 0.8, 0.9][index]
    return `[${index + 1}]\tvalid_1's auc: ${auc}\tvalid_1's binary_logloss: ${loss}\n`
  })
  const model = await text('lightgbm/model.txt')
  await using folder = await copyOf('lightgbm/model.txt', {
    'model.txt': model.replace(/^tree_sizes=.*$/m, 'tree_sizes=1 1 1'),
    'train.log': log.join(''),
  })
  const { best, missed_best, started } = await read(folder.path)
  expect(best.slice(0, 3)).toEqual(['model.txt', 3, "valid_1's binary_logloss"])
  expect(missed_best).toMatchObject({ step: 2, value: 0.5 })
  expect(started).toMatchObject({ metric_is_inferred: true })
})

test("CatBoost's printed lines have the best iteration, but no name of its metric", async () => {
  await using folder = await temporaryFolder()
  const printed = await text('catboost_printed.txt')
  await writeFiles(folder.path, {
    'train.log': printed,
    'model.cbm': await readFile(join(FIXTURES, 'catboost.cbm')),
  })
  const { best, claim, rows } = await read(folder.path)
  expect(best).toEqual(['model.cbm', 8, 'test', 0.5585553])
  expect(claim).toMatchObject({ path: 'model.cbm', step: 8 })
  expect(rows.evaluations).toHaveLength(30)
  await cp(join(FIXTURES, 'catboost_info'), join(folder.path, 'catboost_info'), { recursive: true })
  expect((await read(folder.path)).best).toEqual(['model.cbm', 8, 'eval_Logloss', 0.5585553042])
})

test('the last set of CatBoost decides, where the log says that it is best', async () => {
  const rows = [
    [0.6, 0.9],
    [0.5, 0.7],
    [0.4, 0.8],
  ].map(
    ([test, test1], at) =>
      `${at}:\tlearn: 0.5\ttest: ${test}\ttest1: ${test1}\tbest: 0.7 (1)\ttotal: 1ms\n`,
  )
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'train.log': `${rows.join('')}bestTest = 0.7\nbestIteration = 1\n`,
  })
  const { missed_best, started } = await read(folder.path)
  expect(missed_best).toMatchObject({ step: 1, value: 0.7 })
  expect(started).toMatchObject({ metric_for_best: 'test1', metric_is_inferred: true })
})

test.each(['xgboost/model.json', 'xgboost/model_8.ubj', 'lightgbm/model.txt'])(
  'a model of boosted trees without its end is broken: %s',
  async (path) => {
    await using folder = await copyOf(path.split('/')[0]!)
    const name = path.split('/')[1]!
    const { size } = await stat(join(folder.path, name))
    await truncate(join(folder.path, name), size / 2)
    const { rows } = await read(folder.path)
    const broken = rows.checkpoints.find((one) => one.path === name)
    expect(broken).toMatchObject({ files_state: 'broken' })
  },
)

test('JSON and text files that are not boosted trees are not weights', async () => {
  await using folder = await copyOf('xgboost', {
    'settings_9.json': '{"learner": "xgboost", "learning_rate": 0.1}',
    'notes_9.txt': 'tree\nversion of the data\n',
  })
  expect(Object.keys((await read(folder.path)).steps)).toEqual([
    'model.json',
    'model_4.ubj',
    'model_8.ubj',
  ])
})

test('a number in brackets with other words is not an iteration', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'train.log': '[1] loading data\tsize:10\tplease wait\n[2] eval-loss:0.5 is what we want\n',
  })
  await expect(readRun(folder.path)).rejects.toThrow('No training run found')
})
