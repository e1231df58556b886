import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

// Where programs write their logs, and under which names. Each folder is written as the source of its
// program writes it; the numbers are made up.

const jsonLines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

test("fairseq2's files are named only by their split, and its checkpoints are folders of parts", async () => {
  const rows = [2.5, 2.1, 2.3].map((loss, at) => {
    return {
      Time: '2026-11-20T10:00:00',
      Step: 1000 * (at + 1),
      'NLL Loss': loss,
      Perplexity: 2 ** loss,
    }
  })
  const saved = rows.flatMap(({ Step }) => [
    `checkpoints/step_${Step}/model/pp_00/tp_00/sdp_00.pt`,
    `checkpoints/step_${Step}/data_reader/dp_00.pt`,
  ])
  const { best, steps } = await readFolder({
    'metrics/train.jsonl': jsonLines(rows.map((row) => ({ ...row, 'NLL Loss': 1 }))),
    'metrics/valid.jsonl': jsonLines(rows),
    ...weights(saved),
  })
  expect(best).toEqual(['checkpoints/step_2000', 2000, 'eval_Perplexity', 2 ** 2.1])
  expect(Object.values(steps)).toEqual([1000, 2000, 3000])
})

test('a log beside the folder of weights, with its name, is of this run', async () => {
  const lines = [500, 1000, 1500].map(
    (step) => `step:${step}/1500 val_loss:${Math.abs(step - 900) / 1000} train_time:1ms\n`,
  )
  const saved = weights(['logs/3f2a/state_step000500.pt', 'logs/3f2a/state_step001000.pt'])
  const files = {
    'logs/3f2a.txt': lines.join(''),
    'logs/77bc.txt': 'step:500/1500 val_loss:0.01\n',
  }
  expect(await bestOf({ ...files, ...saved }, 'logs/3f2a')).toEqual([
    'state_step001000.pt',
    1000,
    'eval_loss',
    0.1,
  ])
})

const example = (pairs: readonly (readonly [tag: string, values: readonly number[]])[]) =>
  Buffer.concat(
    [115, 230, 345].map((step, at) =>
      eventRecord(
        step,
        pairs.map(([tag, values]) => ({ tag, value: values[at] ?? 0 })),
      ),
    ),
  )

test('the examples of transformers evaluate after each epoch, in a folder with their name', async () => {
  const saved = weights(['epoch_0/a.bin', 'epoch_1/a.bin', 'epoch_2/a.bin'])
  const tags = [
    ['epoch', [0, 1, 2]],
    ['train_loss', [3, 2, 1]],
    ['accuracy', [0.5, 0.75, 0.625]],
  ] as const
  const file = 'events.out.tfevents.1795600000.here.7.1'
  expect(await bestOf({ [`glue_no_trainer/${file}`]: example(tags), ...saved })).toEqual([
    'epoch_1',
    230,
    'accuracy',
    0.75,
  ])
  // Several metrics are one group, in folders of their own.
  const inner = (name: string, values: readonly number[]) => ({
    [`glue_no_trainer/accuracy_${name}/${file.replace(/1$/, '2')}`]: example([
      ['accuracy', values],
    ]),
  })
  const { rows } = await readFolder({
    [`glue_no_trainer/${file}`]: example([['train_loss', [3, 2, 1]]]),
    ...{ ...inner('accuracy', [0.5, 0.75, 0.625]), ...inner('f1', [0.25, 0.5, 0.375]) },
    ...saved,
  })
  const names = rows.evaluations.flatMap(({ values }) => Object.keys(values))
  expect(new Set(names)).toEqual(new Set(['accuracy', 'f1']))
})

test("DVCLive's steps are joined to any weights, also to those that count from 1", async () => {
  const saved = { 'models/epoch-1.pt': torchFile({}), 'models/epoch-2.pt': torchFile({}) }
  const { best } = await readFolder({
    'dvclive/plots/metrics/eval/loss.tsv': 'step\teval/loss\n0\t0.8\n1\t0.35\n2\t0.4\n',
    ...{ ...saved, 'models/epoch-3.pt': torchFile({}) },
  })
  expect(best).toEqual(['models/epoch-2.pt', 1, 'eval_loss', 0.35])
})

test('beside a file of validation, a file of test decides nothing', async () => {
  const rows = (losses: readonly number[]) =>
    jsonLines(losses.map((loss, at) => ({ epoch: at + 1, loss })))
  const files = (name: (split: string) => string) => ({
    [name('test')]: rows([3, 4, 2]),
    [name('train')]: rows([9, 8, 7]),
    [name('val')]: rows([6, 4, 5]),
    ...weights(['m_1.pt', 'm_2.pt', 'm_3.pt']),
  })
  const expected = ['m_2.pt', 2, 'eval_loss', 4]
  expect(await bestOf(files((split) => `logs/${split}.jsonl`))).toEqual(expected)
  expect(await bestOf(files((split) => `${split}_metrics.jsonl`))).toEqual(expected)
})

test("GraphGym's folders of splits are one log, whose epochs count from 0", async () => {
  const rows = (losses: readonly number[]) =>
    jsonLines(losses.map((loss, epoch) => ({ epoch, loss, lr: 0.01, time_epoch: 0.1 })))
  const { best, steps } = await readFolder({
    'train/stats.json': rows([9, 8, 7]),
    'val/stats.json': rows([6, 4, 5]),
    'test/stats.json': rows([3, 4, 2]),
    ...weights(['ckpt/0.ckpt', 'ckpt/1.ckpt', 'ckpt/2.ckpt']),
  })
  expect(best).toEqual(['ckpt/1.ckpt', 2, 'eval_loss', 4])
  expect(Object.values(steps)).toEqual([1, 2, 3])
})

test('a log in results/NAME belongs to the weights in weights/NAME', async () => {
  const log = [6, 4, 5].map((loss, at) => `${at + 1},9,${loss}\n`).join('')
  const files = { 'results/exp7/metrics.csv': `epoch,train_loss,val_loss\n${log}` }
  const saved = weights(['weights/exp7/ep1.pt', 'weights/exp7/ep2.pt', 'weights/exp7/ep3.pt'])
  for (const below of ['results/exp7', 'weights/exp7'])
    expect(await bestOf({ ...files, ...saved }, below)).toEqual(['ep2.pt', 2, 'eval_loss', 4])
})
