import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { initialTracker, pythonJson, track } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { readRun } from '../readRun.ts'

/** Files of a run that is at step 10, by the source that reads them, and their total number of steps. */
const RUNS: [source: string, total: number | null, files: Record<string, string>][] = [
  ['huggingface', 80, { 'trainer_state.json': state(80) }],
  // The Trainer writes this if no limit is set.
  ['huggingface', null, { 'trainer_state.json': state(-1) }],
  ['lightning_csv', null, { 'metrics.csv': 'epoch,step,train_loss\n0,9,1\n' }],
  [
    'lightning_csv',
    200,
    {
      'metrics.csv': 'epoch,step,train_loss\n0,9,1\n',
      'config.yaml': 'trainer:\n  max_epochs: 5\n  max_steps: 200\n',
    },
  ],
  [
    'lightning_csv',
    null,
    {
      'metrics.csv': 'epoch,step,train_loss\n0,9,1\n',
      'config.yaml': 'trainer:\n  max_epochs: 5\n  max_steps: -1\n',
    },
  ],
  [
    'ultralytics',
    30,
    {
      'results.csv': 'epoch,metrics/mAP50(B),metrics/mAP50-95(B)\n10,0.5,0.4\n',
      'args.yaml': 'epochs: 30\n',
    },
  ],
  // Keras' table has no total.
  ['keras_csv', null, { 'log.csv': 'epoch,loss,val_loss\n0,2,2\n9,1,1\n' }],
  [
    'llamafactory',
    90,
    { 'trainer_log.jsonl': '{"current_steps": 10, "total_steps": 90, "loss": 1, "epoch": 1}\n' },
  ],
  ['dvclive', null, { 'dvclive/plots/metrics/loss.tsv': 'step\tloss\n10\t1\n' }],
  ['text_log', 250, { 'train.log': 'step:10/250 train_loss:1.0\n' }],
  // nanoGPT runs the iterations 0 to 5000, both included.
  [
    'text_log',
    5001,
    { 'train.log': 'Overriding: max_iters = 5000\niter 9: loss 1.0, time 5ms, mfu 1%\n' },
  ],
  ['text_log', null, { 'train.log': 'iter 9: loss 1.0, time 5ms, mfu 1%\n' }],
  ['run_log', 40, { 'bestmark-output.log': " 25%|##   | 10/40 [00:01<00:03]\n{'loss': 1.0}\n" }],
  ['run_log', null, { 'bestmark-output.log': '{"step": 10, "loss": 1.0}\n' }],
]

function state(max_steps: number): string {
  return pythonJson({ global_step: 10, max_steps, log_history: [{ step: 10, loss: 1 }] })
}

test.each(RUNS)('a run of %s has the total number of steps %s', async (source, total, files) => {
  await using folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  const run = await readRun(folder.path)
  const { facts } = run.events.reduce(track, initialTracker())
  const { current_step, total_steps } = facts
  expect([run.source, current_step, total_steps]).toEqual([source, 10, total])
})
