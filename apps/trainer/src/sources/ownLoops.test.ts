import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'

/** The best checkpoint of some files: its path, its step, the metric and its value. */
async function bestOf(files: Readonly<Record<string, string | Uint8Array>>, below = '') {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { root, events } = await readRun(join(folder.path, below))
  const { best, metric } = select({ policy: 'as_declared', ...rowsFrom(events) })
  const path = best?.path == null ? undefined : join(root, best.path).slice(folder.path.length + 1)
  return [path, best?.step, metric, best?.value]
}

/** Files by number. */
function each<T>(numbers: readonly number[], file: (number: number) => [string, T]) {
  return Object.fromEntries(numbers.map(file))
}

const LOSSES = [0.9, 0.5, 0.7]
const lossOf = (number: number): number => LOSSES[number - 1] ?? NaN

test('the name of weights may hold the metric and its value, also without a log', async () => {
  const named = (metric: string) =>
    each([1, 2, 3], (epoch) => [`net-epoch${epoch}-${metric}=${lossOf(epoch)}.pt`, torchFile({})])
  expect(await bestOf(named('val_loss'))).toEqual([
    'net-epoch2-val_loss=0.5.pt',
    ...[2, 'eval_loss', 0.5],
  ])
})

test('the log has the exact value of weights whose name has a rounded one', async () => {
  const log = 'epoch,val_loss\n1,0.9044\n2,0.5049\n3,0.7011\n'
  const files = each([1, 2, 3], (epoch) => [
    `e${epoch}-val_loss=${lossOf(epoch)}.pt`,
    torchFile({}),
  ])
  expect(await bestOf({ 'log.csv': log, ...files })).toEqual([
    'e2-val_loss=0.5.pt',
    ...[2, 'eval_loss', 0.5049],
  ])
})

test('scores of weights may be in a JSON file of their folder, or beside them', async () => {
  const numbers = [100, 200, 300]
  const inFolder = (name: string, scores: (loss: number) => object) => ({
    ...each(numbers, (step) => [`ckpts/${step}/model.pt`, torchFile({})]),
    ...each(numbers, (step) => {
      return [`ckpts/${step}/${name}`, JSON.stringify({ step, ...scores(lossOf(step / 100)) })]
    }),
  })
  const best = ['ckpts/200', 200, 'eval_loss', 0.5]
  expect(await bestOf(inFolder('eval.json', (val_loss) => ({ val_loss })))).toEqual(best)
  expect(await bestOf(inFolder('eval_results.json', (loss) => ({ eval: { loss } })))).toEqual(best)
  expect(
    await bestOf(inFolder('my_metrics.json', (val_loss) => ({ metrics: { val_loss } }))),
  ).toEqual(best)
  const beside = {
    ...each([1, 2, 3], (epoch) => [`ck_${epoch}.pth`, torchFile({})]),
    ...each([1, 2, 3], (epoch) => {
      const metrics = { val_loss: lossOf(epoch) }
      return [`ck_${epoch}.json`, JSON.stringify({ epoch, metrics })]
    }),
  }
  expect(await bestOf(beside)).toEqual(['ck_2.pth', 2, 'eval_loss', 0.5])
})

const STAMP = '2026-11-20 10:00:00,000 - trainer - INFO - '

test("an epoch may be on a line of its own, before the lines of its metrics, with a logger's prefix", async () => {
  const models = each([1, 2, 3], (epoch) => [`model_${epoch}.pth`, torchFile({})])
  const log = (epochOf: (epoch: number) => string, valueOf: (epoch: number) => string) =>
    [1, 2, 3].map((epoch) => `${STAMP}${epochOf(epoch)}\n${STAMP}${valueOf(epoch)}\n`).join('')
  const aligned = log(
    (epoch) => `    epoch          : ${epoch}`,
    (epoch) => `    val_loss       : ${lossOf(epoch)}`,
  )
  const best = ['model_2.pth', 2]
  expect(await bestOf({ ...models, 'info.log': aligned })).toEqual([...best, 'eval_loss', 0.5])
  const counted = log(
    (epoch) => `Epoch ${epoch} (${epoch}/3):`,
    (epoch) => `Test Instance Accuracy: ${1 - lossOf(epoch)}, Class Accuracy: ${2 - lossOf(epoch)}`,
  )
  expect(await bestOf({ 'model_best.pth': torchFile({ epoch: 2 }), 'cls.txt': counted })).toEqual([
    ...['model_best.pth', 2, 'Test Instance Accuracy', 0.5],
  ])
})

test('a text log in log/NAME belongs to the weights in models/NAME', async () => {
  const log = [1, 2, 3].map((epoch) => `epoch ${epoch} val_loss ${lossOf(epoch)}\n`).join('')
  const run = (name: string) => ({
    [`saved/log/${name}/info.log`]: log,
    ...each([1, 2, 3], (epoch) => [`saved/models/${name}/epoch${epoch}.pth`, torchFile({})]),
  })
  const best = ['saved/models/net/1120/epoch2.pth', 2, 'eval_loss', 0.5]
  expect(await bestOf(run('net/1120'))).toEqual(best)
  expect(await bestOf({ ...run('net/1120'), ...run('net/1121') }, 'saved/log/net/1120')).toEqual(
    best,
  )
  await expect(bestOf({ ...run('net/1120'), ...run('net/1121') })).rejects.toThrow(
    'Runs below it: saved/models/net/1120, saved/models/net/1121.',
  )
})
