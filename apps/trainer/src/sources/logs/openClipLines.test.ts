import { join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

test('open_clip counts samples in an epoch from 0 and evaluations from 1, and its zero-shot accuracy decides', async () => {
  await using folder = await temporaryFolder()
  const accuracies = [0.21, 0.41, 0.39]
  // Its log, by the source of open_clip_train; each line begins with the time and the level.
  const lines = accuracies.flatMap((top1, epoch) => [
    `Start epoch ${epoch}`,
    `Train Epoch: ${epoch} [ 12800/51200 (25%)] Data (t): 0.010 Batch (t): 0.100, 5120.00/s, 5120.00/s/gpu LR: 0.000500 Logit Scale: 14.286 Contrastive_loss: 5.9000 (5.9500) Loss: 5.9000 (5.9500)`,
    `Eval Epoch: ${epoch + 1} imagenet-zeroshot-val-top1: ${top1}\timagenet-zeroshot-val-top5: 0.9000`,
  ])
  const results = accuracies.map((top1, at) => {
    return JSON.stringify({ 'imagenet-zeroshot-val-top1': top1, epoch: at + 1 })
  })
  const weights = accuracies.map((_top1, at) => [`run/checkpoints/epoch_${at + 1}.pt`, 'w'])
  await writeFiles(folder.path, {
    'run/out.log': lines.map((line) => `2026-11-20,10:00:00 | INFO | ${line}\n`).join(''),
    'run/checkpoints/results.jsonl': `${results.join('\n')}\n`,
    ...Object.fromEntries(weights),
  })
  for (const path of ['run', 'run/checkpoints']) {
    const { events } = await readRun(join(folder.path, path))
    const rows = rowsFrom(events)
    const { best, metric } = select({ policy: 'as_declared', ...rows })
    expect([metric, best?.step, best?.value]).toEqual(['imagenet-zeroshot-val-top1', 2, 0.41])
    expect(rows.evaluations.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expect(best?.path).toMatch(/epoch_2\.pt$/)
  }
})
