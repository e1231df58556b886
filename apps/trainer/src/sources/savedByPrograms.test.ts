import { cp, readFile } from 'node:fs/promises'
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

/** The run of some files that a program wrote, with weights of these names. */
async function read(
  recorded: string,
  weights: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
) {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, recorded), folder.path, { recursive: true })
  const saved = Object.fromEntries(weights.map((name) => [name, torchFile({})]))
  await writeFiles(folder.path, { ...saved, ...files })
  const { events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  const { best, metric, missed_best } = select({ policy: 'as_declared', ...rows })
  const started = events.filter(({ type }) => type === 'started').at(-1)
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  return { best: [best?.path, best?.step, metric, best?.value], missed_best, steps, started, rows }
}

test("orbax's checkpoints hold the metrics that its manager compares", async () => {
  const { best, steps, rows } = await read('orbax')
  // The script printed `best 200`.
  expect(best).toEqual(['200', 200, 'eval_loss', 0.6])
  expect(steps).toEqual({ 200: 200, 300: 300 })
  expect(rows.checkpoints.map(({ files_state }) => files_state)).toEqual(['complete', 'complete'])
})

test("the folder of orbax's manager is a run, and its checkpoints are not", async () => {
  const found: string[] = []
  const onWeights = (folder: string) => found.push(`weights ${folder}`)
  const onUnreadable = () => undefined
  const walk = { signal: AbortSignal.timeout(60_000), onUnreadable, onWeights }
  for await (const { root } of searchRuns(join(FIXTURES, 'orbax'), walk)) found.push(root)
  expect(found).toEqual([join(FIXTURES, 'orbax')])
})

test('a metric in a checkpoint of orbax is held-out, but not one of the training', async () => {
  const metrics = JSON.stringify({ accuracy: 0.5, train_accuracy: 0.9 })
  const { rows } = await read('orbax', [], { '300/metrics/metrics': metrics })
  expect(rows.evaluations.map(({ step, values }) => [step, values])).toEqual([
    [200, { eval_loss: 0.6 }],
    [300, { eval_accuracy: 0.5 }],
  ])
})

test('a checkpoint that orbax did not finish is not listed', async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'orbax'), folder.path, { recursive: true })
  const unfinished = '400.orbax-checkpoint-tmp-1795746791292935584'
  await cp(join(FIXTURES, 'orbax/300'), join(folder.path, unfinished), { recursive: true })
  const { checkpoints } = rowsFrom((await readRun(folder.path)).events)
  expect(checkpoints.map(({ path }) => path)).toEqual(['200', '300'])
})

test("mmengine's evaluations have the iteration of the last training record before them", async () => {
  const best = 'best_accuracy_top1_iter_16.pth'
  const run = await read('mmengine/iterations', [best, 'iter_16.pth', 'iter_20.pth', 'iter_24.pth'])
  // It printed: best checkpoint with 68.7500 accuracy/top1 at 16 iter.
  expect(run.best.slice(1)).toEqual([16, 'accuracy/top1', 68.75])
  expect(run.steps).toMatchObject({ [best]: 16, 'iter_24.pth': 24 })
  expect(run.rows.evaluations.map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24])
})

test('the name of the best weights names the metric that decides, as mmengine writes it', async () => {
  const log = [0.5, 0.75, 0.6].map((iou, index) => {
    const record = { 'coco/bbox_mAP': 0.9 - index * 0.1, 'coco/bbox_mAP_50': iou, step: index + 1 }
    return `${JSON.stringify(record)}\n`
  })
  const names = ['best_coco_bbox_mAP_50_epoch_2.pth', 'epoch_1.pth', 'epoch_3.pth']
  const run = await read('mmengine/epochs', names, {
    '20261127_025048/vis_data/scalars.json': log.join(''),
  })
  expect(run.best).toEqual([names[0], 2, 'coco/bbox_mAP_50', 0.75])
  expect(run.started).toMatchObject({
    metric_is_inferred: true,
    declared_by: 'the name of best_coco_bbox_mAP_50_epoch_2.pth',
  })
})

test("Ray Train's snapshot has the metrics of the kept checkpoints, the newest first", async () => {
  const file = join(FIXTURES, 'ray_train/checkpoint_manager_snapshot.json')
  const snapshot = await readFile(file, 'utf8')
  const names = [...snapshot.matchAll(/checkpoint_2026-[\d_.-]+/g)].map(([name]) => name)
  const run = await read(
    'ray_train',
    [...new Set(names)].map((name) => `${name}/model.pt`),
  )
  expect(run.best).toEqual(['checkpoint_2026-11-27_02-43-01.892447', 3, 'eval_loss', 0.6])
  expect(Object.values(run.steps).toSorted()).toEqual([3, 4, 6])
})

test.each(['file', 'with_bar', 'console'])(
  "Composer's evaluations are of the completed batches in the names of its checkpoints: %s",
  async (kind) => {
    const names = [1, 2, 3, 4].map((epoch) => `ep${epoch}-ba${epoch * 4}-rank0.pt`)
    const recorded = await readFile(join(FIXTURES, `composer/${kind}.txt`), 'utf8')
    await using folder = await temporaryFolder()
    await writeFiles(folder.path, {
      ...Object.fromEntries(names.map((name) => [name, torchFile({})])),
      'log-rank0.txt': recorded,
    })
    const { events } = await readRun(folder.path)
    const rows = rowsFrom(events)
    const { best, metric } = select({ policy: 'as_declared', ...rows })
    expect([best?.path, best?.step, metric, best?.value]).toEqual([
      'ep2-ba8-rank0.pt',
      8,
      'metrics/eval/CrossEntropy',
      0.5741,
    ])
    const steps = new Set(rows.evaluations.map(({ step }) => step))
    expect([...steps]).toEqual([4, 8, 12, 16])
    expect(new Set(events.map(({ attempt }) => attempt)).size).toBe(1)
  },
)

/** Weights as timm writes them: with the epoch and the value of its metric. */
function savedByTimm(): Record<string, Uint8Array> {
  const saved = { 1: 87.5, 2: 87.5, 3: 87.5 }
  const files = Object.entries(saved).map(([epoch, metric]): [string, Uint8Array] => {
    return [`checkpoint-${epoch}.pth.tar`, torchFile({ epoch: Number(epoch), metric })]
  })
  const best = torchFile({ epoch: 1, metric: 87.5 })
  const last = torchFile({ epoch: 4, metric: 87.5 })
  return { ...Object.fromEntries(files), 'model_best.pth.tar': best, 'last.pth.tar': last }
}

test("timm's table and options decide by its metric, and its first best epoch wins", async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'timm'), folder.path, { recursive: true })
  await writeFiles(folder.path, savedByTimm())
  const rows = rowsFrom((await readRun(folder.path)).events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  // It printed `*** Best metric: 87.5 (epoch 1)`, counted from 0.
  expect([best?.path, best?.step, metric]).toEqual(['checkpoint-1.pth.tar', 2, 'eval_top1'])
  const steps = Object.fromEntries(rows.checkpoints.map(({ path, step }) => [path, step]))
  expect(steps).toMatchObject({ 'model_best.pth.tar': 2, 'last.pth.tar': 5 })
})

test("timm's printed lines have the means of an epoch and of its evaluation", async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'timm_printed.txt'), join(folder.path, 'train.log'))
  await writeFiles(folder.path, savedByTimm())
  const { events } = await readRun(folder.path)
  const { evaluations, checkpoints } = rowsFrom(events)
  expect(evaluations.map(({ step, values }) => [step, values['eval_loss']])).toEqual([
    [1, 0.9],
    [2, 0.333],
    [3, 0.446],
    [4, 0.361],
    [5, 0.379],
  ])
  expect(new Set(events.map(({ attempt }) => attempt)).size).toBe(1)
  const steps = Object.fromEntries(checkpoints.map(({ path, step }) => [path, step]))
  expect(steps).toMatchObject({ 'checkpoint-1.pth.tar': 2, 'last.pth.tar': 5 })
})

test("the metrics in spaCy's pipelines are compared with the columns of their names only", async () => {
  // Another metric of both pipelines equals the rounded score of step 30 by chance.
  const models = ['model-best', 'model-last'].map((name) => `${name}/textcat/model`)
  const run = await read('spacy', [], Object.fromEntries(models.map((name) => [name, 'weights'])))
  expect(run.best).toEqual(['model-best', 50, 'eval_cats_score', 0.7917])
  expect(run.started).toMatchObject({ metric_is_inferred: false, direction: 'max' })
})
