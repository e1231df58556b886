import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'

const LIGHTNING = fileURLToPath(new URL('../fixtures/lightning/version_0', import.meta.url))

const choice = (events: readonly TrainingEvent[]) =>
  select({ policy: 'as_declared', ...rowsFrom(events) })

test("Lightning's files without a log give the same best checkpoint as with the table", async () => {
  await using folder = await temporaryFolder()
  await cp(join(LIGHTNING, 'checkpoints'), join(folder.path, 'checkpoints'), { recursive: true })
  const alone = await readRun(folder.path)
  expect(alone.source).toBe('weights')
  const { best, metric, direction } = choice(alone.events)
  const table = choice((await readRun(LIGHTNING)).events)
  expect([best?.path, best?.step, metric, direction]).toEqual([
    table.best?.path,
    table.best?.step,
    table.metric,
    table.direction,
  ])
  expect(best?.value).toBeCloseTo(table.best?.value ?? NaN, 6)
})

test('a metadata file beside weights gives their step and value', async () => {
  await using folder = await temporaryFolder()
  const saved = [
    [500, 1.2],
    [1000, 0.9],
    [1500, 0.95],
  ] as const
  for (const [step, bpb] of saved) {
    const number = String(step).padStart(6, '0')
    await writeFiles(folder.path, {
      [`model_${number}.pt`]: torchFile({ step }),
      [`meta_${number}.json`]: JSON.stringify({ step, val_bpb: bpb, config: { depth: 4 } }),
    })
  }
  const { best, metric } = choice((await readRun(folder.path)).events)
  expect([best?.path, best?.step, best?.value, metric]).toEqual([
    'model_001000.pt',
    1000,
    0.9,
    'val_bpb',
  ])
})

test('the weighted score of a spaCy pipeline decides', async () => {
  await using folder = await temporaryFolder()
  const config =
    '[nlp]\nlang = "en"\n\n[training.score_weights]\nents_f = 0.75\ntag_acc = 0.25\nents_p = null\n\n[x]\n'
  for (const [name, ents_f, tag_acc] of [
    ['model-best', 0.8, 0.6],
    ['model-last', 0.7, 0.9],
  ] as const) {
    await writeFiles(folder.path, {
      [`${name}/config.cfg`]: config,
      [`${name}/meta.json`]: JSON.stringify({ performance: { ents_f, tag_acc, ner_loss: 4 } }),
      [`${name}/ner/model`]: 'weights',
    })
  }
  const { best, metric, declared_by } = choice((await readRun(folder.path)).events)
  expect([best?.path, metric]).toEqual(['model-best', 'eval_score'])
  expect(declared_by).toMatch(/^training\.score_weights in model-(best|last)\/config\.cfg$/)
  expect(best?.value).toBeCloseTo(0.75)
})

test('a run of MLflow is read with the steps and values of its metrics, and its artifacts joined by value', async () => {
  await using folder = await temporaryFolder()
  const losses = [0.9, 0.64, 0.68, 0.7]
  await writeFiles(folder.path, {
    'meta.yaml': 'run_id: abc\nstatus: 3\nstart_time: 1000\nend_time: 9000\n',
    'metrics/val_loss': losses.map((loss, step) => `${1000 + step} ${loss} ${step}\n`).join(''),
    'params/lr': '0.1',
    'artifacts/checkpoints/latest.pth': torchFile({ epoch: 2, global_step: 900 }),
    'artifacts/checkpoints/latest_metrics.json':
      '{"val_loss": 0.68, "epoch": 2, "global_step": 900}',
  })
  const { events, source } = await readRun(folder.path)
  expect(source).toBe('mlflow')
  const { best, missed_best } = choice(events)
  expect([best?.path, best?.step, best?.value]).toEqual([
    'artifacts/checkpoints/latest.pth',
    2,
    0.68,
  ])
  expect(missed_best).toMatchObject({ step: 1, value: 0.64 })
  expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'completed', at: 9000 })
})

test('the files of a TensorFlow checkpoint are one checkpoint, which is incomplete without all its data', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, {
    'training.log': 'epoch,loss,val_loss\n0,1,0.9\n1,1,0.5\n',
    ...{ 'ckpt/cp-0001.ckpt.index': 'i', 'ckpt/cp-0001.ckpt.data-00000-of-00001': 'weights' },
    ...{ 'ckpt/cp-0002.ckpt.index': 'i', 'ckpt/cp-0002.ckpt.data-00000-of-00002': 'weights' },
  })
  const { best, skipped } = choice((await readRun(folder.path)).events)
  expect(best).toMatchObject({ path: 'ckpt/cp-0001.ckpt', step: 1 })
  expect(skipped[0]?.text).toContain('data-00001-of-00002 is missing')
})

test.each([
  ['8.3.100', 1],
  ['8.3.200', 3],
  ['8.4.0', 3],
])('the fitness of Ultralytics %s makes epoch %i the best', async (version, step) => {
  await using folder = await temporaryFolder()
  const rows = [
    [0.9, 0.5],
    [0.5, 0.4],
    [0.5, 0.51],
  ].map(([half, whole], row) => `${row + 1},${half},${whole}`)
  await writeFiles(folder.path, {
    'results.csv': ['epoch,metrics/mAP50(B),metrics/mAP50-95(B)', ...rows, ''].join('\n'),
    'args.yaml': 'epochs: 3\n',
    'weights/best.pt': torchFile({ epoch: -1, version }),
  })
  const { best } = choice((await readRun(folder.path)).events)
  expect(best).toMatchObject({ path: 'weights/best.pt', step })
})

test('the step of the best file shows the deciding metric', async () => {
  await using folder = await temporaryFolder()
  const rows = [
    [1.6, 60],
    [1.3, 76],
    [1.2, 74],
  ]
  await writeFiles(folder.path, {
    'log.txt': rows
      .map(
        ([loss, acc], epoch) =>
          `{"train_loss": 1, "test_loss": ${loss}, "test_acc1": ${acc}, "epoch": ${epoch}}\n`,
      )
      .join(''),
    'checkpoint-best.pth': torchFile({ epoch: 1 }),
    'checkpoint-1.pth': torchFile({ epoch: 1 }),
    'checkpoint-2.pth': torchFile({ epoch: 2 }),
  })
  const { best, metric, declared_by } = choice((await readRun(folder.path)).events)
  expect([best?.path, best?.value, metric]).toEqual(['checkpoint-1.pth', 76, 'test_acc1'])
  expect(declared_by).toContain('checkpoint-best.pth, saved at step 2')
})

test('metrics in the names of weights are compared if there is no log, and a note says so', async () => {
  await using folder = await temporaryFolder()
  const names = ['model_1_acc0.912.pt', 'model_2_acc0.931.pt', 'model_3_acc0.925.pt', 'last.pt']
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [name, torchFile({})])))
  const { events } = await readRun(folder.path)
  const { best, metric } = choice(events)
  expect([best?.path, best?.step, best?.value, metric]).toEqual([
    'model_2_acc0.931.pt',
    2,
    0.931,
    'eval_acc',
  ])
  expect(readerWarnings(events).join()).toContain('do not show on which data')
})

test('one metric in one name says nothing', async () => {
  await using folder = await temporaryFolder()
  const files = { 'model_acc0.93.pt': torchFile({}), 'last.pt': torchFile({}) }
  await writeFiles(folder.path, files)
  await expect(readRun(folder.path)).rejects.toThrow('No training run found')
})
