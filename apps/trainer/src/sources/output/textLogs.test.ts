import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pythonJson, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { readRun } from '../readRun.ts'
import { ERRORS, OUTPUT } from './runOutput.ts'

/** Events of the lines of a file, without those that only frame them. */
async function readLog(name: string, lines: readonly string[], errors?: readonly string[]) {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, name), `${lines.join('\n')}\n`)
  if (errors) await writeFile(join(folder.path, ERRORS), `${errors.join('\n')}\n`)
  const { events, source } = await readRun(folder.path)
  return { source, events, values: plain(events) }
}

function plain(events: readonly TrainingEvent[]) {
  return events.flatMap((event) =>
    'values' in event ? [[event.attempt, event.step, event.values] as const] : [],
  )
}

test("nanoGPT's evaluations count completed steps, and its iterations count from 0", async () => {
  const { source, values } = await readLog('train.log', [
    'number of parameters: 10.65M',
    'step 0: train loss 4.2, val loss 4.3',
    'iter 0: loss 4.25, time 30.1ms, mfu -100.00%',
    'iter 9: loss nan, time 30.1ms, mfu 3.2%',
    'step 10: train loss 3.9, val loss inf',
  ])
  expect(source).toBe('text_log')
  expect(values).toEqual([
    [0, 0, { train_loss: 4.2 }],
    [0, 0, { eval_loss: 4.3 }],
    [0, 1, { loss: 4.25 }],
    [0, 10, { loss: NaN }],
    [0, 10, { train_loss: 3.9 }],
    [0, 10, { eval_loss: Infinity }],
  ])
})

test("nanoGPT's first evaluation after a resume belongs to the resumed attempt", async () => {
  const { values } = await readLog('train.log', [
    'iter 99: loss 3.0, time 30.1ms, mfu 3.2%',
    'step 100: train loss 2.9, val loss 2.8',
    'iter 119: loss 2.5, time 30.1ms, mfu 3.2%',
    'step 100: train loss 2.9, val loss 2.8',
    'iter 100: loss 2.6, time 30.1ms, mfu 3.2%',
  ])
  const evaluated = values.flatMap(([attempt, step, of]) =>
    'eval_loss' in of ? [[attempt, step]] : [],
  )
  expect(evaluated).toEqual([
    [0, 100],
    [1, 100],
  ])
  expect(values.at(-1)).toEqual([1, 101, { loss: 2.6 }])
})

test('an invalid step is skipped, and later lines are read', async () => {
  const { values } = await readLog(OUTPUT, [
    "{'loss': 2.0, 'step': nan}",
    "{'loss': 3.0, 'step': -1}",
    "{'loss': 1.0, 'step': 2}",
  ])
  expect(values).toEqual([[0, 2, { loss: 1 }]])
})

test("the Trainer's dictionaries have the step of its progress bar", async () => {
  const { source, events, values } = await readLog(OUTPUT, [
    'Map: 100%|##########| 1000/1000 [00:01<00:00, 999.00 examples/s]',
    '\r  0%|          | 0/30 [00:00<?, ?it/s]\r 33%|###3      | 10/30 [00:01<00:02,  9.9it/s]',
    "{'loss': '2.44', 'grad_norm': '3.869', 'learning_rate': '0.07', 'epoch': '1'}",
    '  0%|          | 0/2 [00:00<?, ?it/s]\r100%|##########| 2/2 [00:00<00:00, 99.00it/s]',
    "{'eval_loss': 1.11, 'eval_runtime': 0.0013, 'epoch': 1.0}",
    " 33%|###3      | 11/30 [00:01<00:02,  9.9it/s]{'not': 'a row'}",
    "{'train_runtime': '0.1044', 'train_loss': '1.597', 'epoch': '3'}",
  ])
  expect(source).toBe('run_log')
  expect(values).toEqual([
    [0, 10, { loss: 2.44, grad_norm: 3.869, learning_rate: 0.07 }],
    [0, 10, { eval_loss: 1.11, eval_runtime: 0.0013 }],
  ])
  expect(events.filter(({ type }) => type === 'started').at(-1)).toMatchObject({ total_steps: 30 })
})

test('dictionaries without a bar have no step, with one warning', async () => {
  const row = "{'loss': 2.44, 'epoch': 1.0}"
  const { events, values } = await readLog(OUTPUT, [row, row])
  expect(values).toEqual([])
  expect(events.filter((event) => event.type === 'log' && event.reader === true)).toHaveLength(1)
})

test("rounded epochs in the Trainer's header give no steps; its state does when it exists", async () => {
  await using folder = await temporaryFolder()
  // With --max_steps 33 and 5 steps an epoch it prints 7 epochs: 33/7 is no number of steps.
  const printed = [
    '[INFO|trainer.py:1622] >>   Num Epochs = 7',
    '[INFO|trainer.py:1627] >>   Total optimization steps = 33',
    "{'loss': '2.4', 'epoch': '2'}",
    "{'eval_loss': '1.1', 'epoch': '2'}",
  ]
  await writeFile(join(folder.path, OUTPUT), `${printed.join('\n')}\n`)
  const waiting = await readRun(folder.path)
  expect(plain(waiting.events)).toEqual([])
  expect(
    waiting.events.filter((event) => event.type === 'log' && event.reader === true),
  ).toMatchObject([{ text: expect.stringContaining('until the program writes its own log files') }])
  const log_history = [
    { step: 10, epoch: 2, loss: 2.4 },
    { step: 10, epoch: 2, eval_loss: 1.1 },
  ]
  const state = { global_step: 10, max_steps: 33, log_history }
  await writeFile(join(folder.path, 'trainer_state.json'), pythonJson(state))
  const { source, events } = await readRun(folder.path)
  expect(source).toBe('huggingface')
  expect(plain(events)).toEqual([
    [0, 10, { loss: 2.4 }],
    [0, 10, { eval_loss: 1.1 }],
  ])
})

test('JSON lines with a step are read, and other braces are ignored', async () => {
  const { values } = await readLog(OUTPUT, [
    '{"step": 10, "loss": NaN, "val_loss": 0.5, "note": "x"}',
    '{"config": {"lr": 1}}',
    '{not json}',
    '{"global_step": 20, "train_loss": 1, "val/acc": 0.5}',
  ])
  expect(values).toEqual([
    [0, 10, { loss: NaN }],
    [0, 10, { eval_loss: 0.5 }],
    [0, 20, { loss: 1 }],
    [0, 20, { 'val/acc': 0.5 }],
  ])
})

test('a second start in a folder is a new attempt, and its end is as marked', async () => {
  const mark = (word: string) => `bestmark run: 2026-01-02T03:04:05.000Z ${word}`
  const { events, values } = await readLog(OUTPUT, [
    mark('started: python train.py'),
    '{"step": 10, "loss": 1}',
    mark('failed: The program was killed by SIGKILL'),
    mark('started: python train.py'),
    '{"step": 5, "loss": 2}',
    mark('completed'),
  ])
  expect(values).toEqual([
    [0, 10, { loss: 1 }],
    [1, 5, { loss: 2 }],
  ])
  const ended = events.flatMap((event) => (event.type === 'ended' ? [event] : []))
  expect(ended).toMatchObject([
    { attempt: 0, status: 'failed', error: 'The program was killed by SIGKILL' },
    { attempt: 1, status: 'completed', error: null },
  ])
})

test('both output files are read, each line in its attempt, and the end comes last', async () => {
  const mark = (at: number, word: string) => `bestmark run: 2026-01-02T03:04:0${at}.000Z ${word}`
  const { events, values } = await readLog(
    OUTPUT,
    [
      mark(1, 'started: train'),
      '{"step": 10, "loss": 1}',
      "{'loss': 5, 'epoch': 1.0}",
      mark(2, 'failed: The program was killed by SIGKILL'),
      mark(3, 'started: train'),
      '{"step": 5, "loss": 2}',
      mark(4, 'completed'),
    ],
    [
      mark(1, 'started: train'),
      ' 50%|#####     | 10/20 [00:01<00:01, 10.00it/s]',
      '{"step": 10, "val_loss": 3}',
      mark(3, 'started: train'),
      ' 50%|#####     | 5/10 [00:01<00:01, 10.00it/s]',
      '{"step": 5, "val_loss": 4}',
    ],
  )
  // A bar in the other file does not give a row its step.
  expect(values).toEqual([
    [0, 10, { eval_loss: 3 }],
    [1, 5, { eval_loss: 4 }],
    [0, 10, { loss: 1 }],
    [1, 5, { loss: 2 }],
  ])
  const turns = events.filter(({ type }) => type === 'started' || type === 'ended')
  expect([...new Set(turns.map(({ type, attempt }) => `${type} ${attempt}`))]).toEqual([
    'started 0',
    'started 1',
    'ended 0',
    'ended 1',
  ])
  const last = turns.findLast(({ type }) => type === 'started')
  expect(last).toMatchObject({ attempt: 1, total_steps: 10 })
})

const row = (values: object) => JSON.stringify(values)

test('LLaMA-Factory: a rerun is an attempt, and an evaluation that counts batches belongs to the last step', async () => {
  const { source, events, values } = await readLog('trainer_log.jsonl', [
    row({ current_steps: 10, total_steps: 30, loss: 3, lr: 0.1, eval_loss: null, epoch: 1 }),
    row({ current_steps: 20, total_steps: 30, loss: 2, epoch: 2 }),
    row({ current_steps: 20, total_steps: 30, loss: null, eval_loss: 2.5, epoch: 2 }),
    row({ current_steps: 10, total_steps: 30, loss: 1.5, epoch: 1 }),
    row({ current_steps: 30, total_steps: 30, loss: 1, epoch: 3 }),
    row({ current_steps: 30, total_steps: 30, epoch: 3 }),
    row({ current_steps: 2, total_steps: 2, loss: null, eval_loss: 1.5, epoch: 3 }),
  ])
  expect(source).toBe('llamafactory')
  expect(values).toEqual([
    [0, 10, { loss: 3, learning_rate: 0.1 }],
    [0, 20, { loss: 2 }],
    [0, 20, { eval_loss: 2.5 }],
    [1, 10, { loss: 1.5 }],
    [1, 30, { loss: 1 }],
    [1, 30, { eval_loss: 1.5 }],
  ])
  expect(events.filter(({ type }) => type === 'started').map((event) => event)).toMatchObject([
    { attempt: 0, total_steps: null },
    { attempt: 0, total_steps: 30 },
    { attempt: 1, total_steps: 30, resumed_from: null },
  ])
  expect(events.at(-1)).toMatchObject({ type: 'ended', attempt: 1, status: 'completed' })
})
