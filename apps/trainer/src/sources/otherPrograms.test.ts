import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { pickled, torchFile } from '../checkpoints/testing.ts'
import { temporaryFolder } from '../testing.ts'
import { bestOf, readFolder, weights } from './foldersTesting.ts'
import { readRun } from './readRun.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

const FIXTURES = fileURLToPath(new URL('fixtures/programs', import.meta.url))

test("scikit-learn's models are checkpoints, and its scaler is none", async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'sklearn'), folder.path, { recursive: true })
  const rows = rowsFrom((await readRun(folder.path)).events)
  const { best, metric } = select({ policy: 'as_declared', ...rows })
  // The script printed `4,0.8333,0.8000`; the sixth epoch has the same value.
  expect([best?.path, best?.step, metric, best?.value]).toEqual([
    'model_4.joblib',
    4,
    'val_acc',
    0.8,
  ])
  expect(rows.checkpoints.map(({ path, files_state }) => [path, files_state])).toEqual(
    [1, 2, 3, 4, 5, 6].map((epoch) => [`model_${epoch}.joblib`, 'complete']),
  )
})

test('a record without a count is an evaluation of the weights that it names', async () => {
  const scores = [200, 60, 50, 55]
  const record = (metric: string, score: number, index: number) =>
    `${JSON.stringify({
      results: { [metric]: score },
      ...{ metric, total_time: 100.1, total_time_str: '1m 40s', num_gpus: 1 },
      snapshot_pkl: `network-snapshot-${String(200 * index).padStart(6, '0')}.pkl`,
      timestamp: 1_600_000_000 + index,
    })}\n`
  const log = (metric: string, factor: number) =>
    scores.map((score, index) => record(metric, score * factor, index)).join('')
  const names = scores.map(
    (_, index) => `network-snapshot-${String(200 * index).padStart(6, '0')}.pkl`,
  )
  const { best, rows } = await readFolder({
    'metric-fid50k_full.jsonl': log('fid50k_full', 1),
    ...Object.fromEntries(names.map((name) => [name, pickled('torch_utils.persistence', 'x')])),
  })
  expect(best).toEqual(['network-snapshot-000400.pkl', 400, 'eval_fid50k_full', 50])
  const both = await readFolder({
    'metric-fid50k_full.jsonl': log('fid50k_full', 1),
    'metric-kid50k_full.jsonl': log('kid50k_full', 0.001),
  })
  expect(both.rows.evaluations).toHaveLength(2 * scores.length)
  expect(rows.evaluations).toHaveLength(scores.length)
})

test("flax's states have no extension, and a cut one is broken", async () => {
  const log = [0.5, 0.3, 0.4].map((eval_loss, index) => {
    return `${JSON.stringify({ step: 1000 * (index + 1), eval_loss })}\n`
  })
  const states = await Promise.all(
    [1000, 2000, 3000].map(async (step) => {
      const name = `checkpoint_${step}`
      return [name, await readFile(join(FIXTURES, 'flax', name))] as const
    }),
  )
  const saved: Record<string, Buffer> = Object.fromEntries(states)
  const whole = { 'log.jsonl': log.join(''), ...saved }
  expect(await bestOf(whole)).toEqual(['checkpoint_2000', 2000, 'eval_loss', 0.3])
  const cut = saved['checkpoint_2000']?.subarray(0, 90) ?? ''
  const { best, rows } = await readFolder({ ...whole, checkpoint_2000: cut })
  expect(best).toEqual(['checkpoint_3000', 3000, 'eval_loss', 0.4])
  expect(rows.checkpoints.map(({ files_state }) => files_state)).toEqual([
    'complete',
    'broken',
    'complete',
  ])
})

test('of sets with any names, the last one of XGBoost is held out', async () => {
  const log = [0.9, 0.5, 0.4, 0.6]
    .map(
      (value, index) =>
        `[${index}]\tbig-rmse:0.1000${index}\tbig-mae:0.10000\tsmall-rmse:${value}\tsmall-mae:${value / 2}\n`,
    )
    .join('')
  const { rows } = await readFolder({ 'train.log': log })
  expect(rows.evaluations.map(({ values }) => values)).toContainEqual({
    'small-rmse': 0.4,
    'small-mae': 0.2,
  })
  const trained = log.replaceAll('small', 'my_train')
  await expect(readFolder({ 'train.log': trained })).rejects.toThrow('No training run found')
})

test('sets of any names in a document of boosted trees are sets', async () => {
  const columns = (values: readonly number[]) => ({ rmse: values, mae: values })
  const document = { big: columns([0.9, 0.5, 0.4]), small: columns([0.9, 0.6, 0.7]) }
  const { rows } = await readFolder({ 'evals.json': JSON.stringify(document) })
  expect(rows.evaluations.map(({ step, values }) => [step, values])).toEqual(
    [0.9, 0.6, 0.7].map((value, step) => [step, { 'small-rmse': value, 'small-mae': value }]),
  )
})

test.each([
  ['loss', [0.9, 0.4, 0.5], 'loss'],
  ['episode_reward_mean', [10, 30, 20], 'episode_reward_mean'],
])('the metrics that a trial of Ray reports are compared: %s', async (name, values, metric) => {
  const result = values.map((value, index) => {
    const trial = { training_iteration: index + 1, trial_id: 'a_00000', time_total_s: 1 }
    return `${JSON.stringify({ [name]: value, episode_len_mean: 5, ...trial })}\n`
  })
  const saved = weights([0, 1, 2].map((index) => `checkpoint_00000${index}/model.pt`))
  const { best } = await readFolder({ 'result.json': result.join(''), ...saved })
  expect(best).toEqual(['checkpoint_000001', 2, metric, values[1]])
})

test("litgpt's names count optimiser steps, and its table counts batches", async () => {
  const table = await readFile(join(FIXTURES, 'litgpt/metrics.csv'), 'utf8')
  const files = [3, 6, 9, 12].map((step_count) => {
    const name = `step-${String(step_count).padStart(8, '0')}`
    return [`${name}/lit_model.pth`, torchFile({ iter_num: 2 * step_count, step_count })] as const
  })
  const { best, steps } = await readFolder({
    'logs/csv/version_0/metrics.csv': table,
    ...Object.fromEntries(files),
  })
  expect(best).toEqual(['step-00000012', 24, 'eval_loss', 2.195464611053467])
  expect(Object.values(steps)).toEqual([6, 12, 18, 24])
})

test('the step inside a TensorFlow checkpoint counts, not the number of its save', async () => {
  await using folder = await temporaryFolder()
  await cp(join(FIXTURES, 'tensorflow'), folder.path, { recursive: true })
  const rows = rowsFrom((await readRun(folder.path)).events)
  // The script printed `ckpt-3 2000 0.4`.
  expect(rows.checkpoints.map(({ path, step }) => [path, step])).toEqual([
    ['ckpt-1', 0],
    ['ckpt-2', 1000],
    ['ckpt-3', 2000],
    ['ckpt-4', 3000],
  ])
  expect(select({ policy: 'as_declared', ...rows }).best?.path).toBe('ckpt-3')
})

test("the mean reward of training measures RSL-RL's policies", async () => {
  const rewards = [1, 5, 3]
  const events = rewards.map((value, index) =>
    eventRecord(50 * index, [
      { tag: 'Train/mean_reward', value },
      { tag: 'Loss/surrogate', value: -0.1 },
    ]),
  )
  const saved = [0, 1, 2].map((index) => [
    `model_${50 * index}.pt`,
    torchFile({ iter: 50 * index }),
  ])
  const { best } = await readFolder({
    'events.out.tfevents.1795759735.host.1.0': Buffer.concat(events),
    ...Object.fromEntries(saved),
  })
  expect(best).toEqual(['model_50.pt', 50, 'Train/mean_reward', 5])
})

test("the PSNR of Gaussian splatting's test views decides", async () => {
  const log = [25.1, 27.2, 27.1]
    .map((psnr, index) => {
      const at = `[ITER ${[7000, 15000, 30000][index]}]`
      return `\n${at} Evaluating test: L1 0.0${3 - index} PSNR ${psnr}\n\n${at} Evaluating train: L1 0.02 PSNR 30.1\n\n${at} Saving Gaussians\n`
    })
    .join('')
  const saved = weights(['chkpnt7000.pth', 'chkpnt15000.pth', 'chkpnt30000.pth'])
  expect(await bestOf({ 'train.log': log, ...saved })).toEqual([
    'chkpnt15000.pth',
    15000,
    'test_psnr',
    27.2,
  ])
})

test("MACE's records of evaluations have no split in their names", async () => {
  const lines = [0.5, 0.3, 0.4].flatMap((loss, epoch) => [
    `${JSON.stringify({ loss: 0.6, time: 0.1, mode: 'opt', epoch })}\n`,
    `${JSON.stringify({ loss, mae_e: 0.1, rmse_f: loss, mode: 'eval', epoch })}\n`,
  ])
  const saved = weights([0, 1, 2].map((epoch) => `checkpoints/m_run-1_epoch-${epoch}.pt`))
  expect(await bestOf({ 'results/m_run-1_train.txt': lines.join(''), ...saved })).toEqual([
    'checkpoints/m_run-1_epoch-1.pt',
    2,
    'eval_loss',
    0.3,
  ])
  // Unless it is asked to keep all, it keeps one file, whose name has the epoch of its log.
  const kept = weights(['checkpoints/m_run-1_epoch-1.pt'])
  expect(await bestOf({ 'results/m_run-1_train.txt': lines.join(''), ...kept })).toEqual([
    'checkpoints/m_run-1_epoch-1.pt',
    2,
    'eval_loss',
    0.3,
  ])
})

test("mIoU decides in PaddleSeg's printed lines, and a folder per iteration is a checkpoint", async () => {
  const at = '2026-11-20 10:00:00 [INFO]\t'
  const log = [0.5, 0.7, 0.65]
    .map((miou, index) => {
      const iter = 1000 * (index + 1)
      return `${at}[TRAIN] epoch: 1, iter: ${iter}/3000, loss: 0.5, lr: 0.01, batch_cost: 0.1, reader_cost: 0.01, ips: 10.0 samples/sec | ETA 00:10:00\n${at}[EVAL] #Images: 500 mIoU: ${miou} Acc: 0.9 Kappa: 0.8 Dice: 0.8\n${at}[EVAL] The model with the best validation mIoU (0.9) was saved at iter ${iter}.\n`
    })
    .join('')
  const saved = weights([1000, 2000, 3000].map((iter) => `iter_${iter}/model.pdparams`))
  expect((await bestOf({ 'train.log': log, ...saved })).slice(0, 2)).toEqual(['iter_2000', 2000])
})

test("CycleGAN's losses have other names, and without an evaluation nothing is chosen", async () => {
  const log = [100, 200]
    .map(
      (iters) =>
        `(epoch: 1, iters: ${iters}, time: 0.100, data: 0.200) D_A: 0.2 G_A: 0.5 cycle_A: 1.0\n`,
    )
    .join('')
  const names = ['1_net_G_A.pth', '1_net_D_A.pth', 'latest_net_G_A.pth', 'latest_net_D_A.pth']
  const { best, steps } = await readFolder({
    'loss_log.txt': `================ Training Loss (Fri Nov 20 10:00:00 2026) ================\n${log}`,
    ...weights(names),
  })
  expect(best[0]).toBeUndefined()
  expect(Object.keys(steps).sort()).toEqual(['1_net_G_A.pth', 'latest_net_G_A.pth'])
})
