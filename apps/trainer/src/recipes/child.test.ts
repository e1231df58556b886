import { JOURNAL } from '@bestmark/core'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readJournal } from '../journal/read.ts'
import { openJournal } from '../journal/write.ts'
import { readRunProcess } from '../processes/mark.ts'
import { processStart } from '../processes/alive.ts'
import { load } from '@bestmark/char-lm/saved'
import { TAKEN } from '../processes/runClaim.ts'
import {
  checkpointsIn,
  ending,
  eventsOf,
  eventsOfType,
  quickArgv,
  runFolder,
  startQuick,
  until,
} from './testing.ts'
import { readWrittenState } from '@bestmark/char-lm'

/** A complete run whose parent dies right after it started the run. */
const straight = runFolder()
beforeAll(async () => {
  const process = new URL('../processes/spawn.ts', import.meta.url)
  const options = { cwd: straight.path, logFile: join(straight.path, 'output.log') }
  const script = `
    const { spawnDetached } = await import(${JSON.stringify(process)})
    await spawnDetached(${JSON.stringify(quickArgv(straight.path))}, ${JSON.stringify(options)})
    globalThis.process.kill(globalThis.process.pid, 'SIGKILL')`
  const [node] = quickArgv(straight.path)
  const parent = spawn(node, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  expect(await ending(parent)).toBe('SIGKILL')
  await until(straight.path, () => eventsOf(straight.path).at(-1)?.type === 'ended')
})
afterAll(() => straight[Symbol.dispose]())

const straightEvents = <Type extends Parameters<typeof eventsOfType>[1]>(type: Type) =>
  eventsOfType(eventsOf(straight.path), type)

const stateIn = (folder: string) =>
  readWrittenState(readFileSync(join(folder, 'trainer_state.json'), 'utf8'))

/** The values that are equal in two runs with one seed, without their speed. */
const learned = (folder: string, from: number) =>
  eventsOfType(eventsOf(folder), 'metrics')
    .filter((event) => event.step > from)
    .map(({ step, epoch, values: { loss, grad_norm, learning_rate } }) => {
      return { step, epoch, loss, grad_norm, learning_rate }
    })

test('a run whose parent died continues to its end and prints nothing', () => {
  const [started] = straightEvents('started')
  expect(started).toMatchObject({
    attempt: 0,
    total_steps: 160,
    resumed_from: null,
    loss_unit: 'nats_per_token',
    metric_for_best: 'eval_loss',
    direction: 'min',
    save_steps: 20,
    config: { preset: 'quick', learning_rate: 0.01 },
  })
  expect(straightEvents('ended')).toMatchObject([{ status: 'completed', error: null }])
  expect(readFileSync(join(straight.path, 'output.log'), 'utf8')).toBe('')
})

test('each step is logged once, with finite values', () => {
  const metrics = straightEvents('metrics')
  expect(metrics.map((event) => event.step)).toEqual(Array.from({ length: 160 }, (_, i) => i + 1))
  for (const { values } of metrics) {
    expect(Object.keys(values)).toEqual(['loss', 'learning_rate', 'grad_norm', 'tokens_per_second'])
    expect(Object.values(values).every(Number.isFinite)).toBe(true)
  }
})

test('the training loss falls all the way, and the best evaluation is neither the first nor the last', () => {
  const losses = straightEvents('metrics').map((event) => event.values['loss'] ?? NaN)
  expect(losses.at(-1)).toBeLessThan(2.2)
  expect(losses[0]).toBeGreaterThan(3.5)
  const evaluations = straightEvents('evaluation').flatMap(
    (event) => event.values['eval_loss'] ?? [],
  )
  expect(evaluations).toHaveLength(8)
  const best = evaluations.indexOf(Math.min(...evaluations))
  expect(best).toBeGreaterThan(0)
  expect(best).toBeLessThan(7)
})

test('each evaluation has its line in the journal and its number of samples', () => {
  const lines = readFileSync(join(straight.path, JOURNAL), 'utf8').split('\n')
  for (const { origin, step, values, samples } of straightEvents('evaluation')) {
    expect(origin?.file).toBe(JOURNAL)
    expect(JSON.parse(lines[origin!.line! - 1]!)).toMatchObject({
      type: 'evaluation',
      step,
      values,
    })
    expect(samples).toBe(64)
  }
})

test('every checkpoint is logged and complete, and the claim is the lowest eval_loss', () => {
  const checkpoints = straightEvents('checkpoint')
  expect(checkpoints.map((event) => event.path)).toEqual(checkpointsIn(straight.path))
  expect(checkpoints.map((event) => event.step)).toEqual([20, 40, 60, 80, 100, 120, 140, 160])
  for (const { path, files_state, bytes, step } of checkpoints) {
    const { config, state } = load(straight.path, path)
    expect([files_state, config.step, state.global_step]).toEqual(['complete', step, step])
    const sizes = readdirSync(join(straight.path, path)).map(
      (name) => readFileSync(join(straight.path, path, name)).length,
    )
    expect(sizes.reduce((a, b) => a + b)).toBe(bytes)
  }
  const evaluations = straightEvents('evaluation').filter((event) => 'eval_loss' in event.values)
  const best = evaluations.reduce((a, b) =>
    b.values['eval_loss']! < a.values['eval_loss']! ? b : a,
  )
  expect(straightEvents('claim').at(-1)).toMatchObject({
    path: `checkpoint-${best.step}`,
    step: best.step,
    metric: 'eval_loss',
    value: best.values['eval_loss'],
  })
})

test("the trainer's state equals the journal", () => {
  const state = stateIn(straight.path)
  const claim = straightEvents('claim').at(-1)
  expect(state).toMatchObject({
    best_metric: claim?.value,
    best_global_step: claim?.step,
    best_model_checkpoint: claim?.path,
    global_step: 160,
    max_steps: 160,
    save_steps: 20,
    eval_steps: 20,
  })
  const evaluations = state.log_history.filter((row) => row.eval_loss !== undefined)
  expect(
    evaluations.map(({ step, epoch, eval_loss }) => ({ step, epoch, values: { eval_loss } })),
  ).toEqual(
    straightEvents('evaluation')
      .filter((event) => 'eval_loss' in event.values)
      .map(({ step, epoch, values }) => ({ step, epoch, values })),
  )
  expect(state.log_history.filter((row) => 'loss' in row)).toHaveLength(160)
  expect(stateIn(join(straight.path, 'checkpoint-40')).global_step).toBe(40)
})

test('best and last are scored on the test split', () => {
  const best = straightEvents('claim').at(-1)!.step
  const scores = straightEvents('evaluation').filter((event) => 'test_loss' in event.values)
  expect(scores.map((event) => event.step)).toEqual([best, 160])
  expect(scores[0]!.values['test_loss']).toBeLessThan(scores[1]!.values['test_loss']!)
})

test('every checkpoint continues one prompt', () => {
  const samples = straightEvents('sample')
  const saved = straightEvents('checkpoint').map((event) => event.step)
  expect(samples.map((event) => event.step)).toEqual(saved)
  const texts = samples.map(({ text }) => text ?? '')
  const { sample_characters } = straightEvents('started')[0]?.config ?? {}
  expect(new Set(texts.map((text) => text.length))).toEqual(new Set([sample_characters]))
  expect(new Set(samples.map(({ prompt }) => prompt)).size).toBe(1)
  expect(texts.every((text, at) => text.startsWith(samples[at]!.prompt!))).toBe(true)
  expect(new Set(texts).size).toBe(texts.length)
})

test('after a stop request a run saves its last step; resumed, it continues bit for bit', async () => {
  using folder = runFolder()
  const child = startQuick(folder.path)
  await until(folder.path, () => eventsOfType(eventsOf(folder.path), 'metrics').length >= 30)
  child.kill('SIGTERM')
  expect(await ending(child)).toBe(0)
  const events = eventsOf(folder.path)
  expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'stopped', attempt: 0 })
  const step = eventsOfType(events, 'metrics').at(-1)!.step
  expect(eventsOfType(events, 'checkpoint').at(-1)).toMatchObject({ step, files_state: 'complete' })
  expect(eventsOfType(events, 'evaluation').at(-1)).toMatchObject({ step })
  expect(readdirSync(folder.path)).not.toContain('trainer_state.json')

  const resume = `checkpoint-${step}`
  expect(await ending(startQuick(folder.path, { resume, preset: null }))).toBe(0)
  const resumed = eventsOf(folder.path).filter((event) => event.attempt === 1)
  expect(resumed[0]).toMatchObject({ type: 'started', resumed_from: step })
  expect(resumed.at(-1)).toMatchObject({ type: 'ended', status: 'completed' })
  expect(learned(folder.path, step)).toEqual(learned(straight.path, step))
  for (const path of ['checkpoint-100', 'checkpoint-160']) {
    const [ours, theirs] = [load(folder.path, path), load(straight.path, path)]
    expect(ours.snapshot).toEqual(theirs.snapshot)
    expect(ours.state.best_metric).toBe(theirs.state.best_metric)
  }
})

test('a run killed during a save leaves only complete checkpoints, and can be resumed', async () => {
  using folder = runFolder()
  const child = startQuick(folder.path)
  const isSaving = () => readdirSync(folder.path).includes('.checkpoint-60.unfinished')
  await until(folder.path, () => isSaving() || checkpointsIn(folder.path).length >= 3)
  child.kill('SIGKILL')
  expect(await ending(child)).toBe('SIGKILL')
  expect(processStart(readRunProcess(folder.path)!.pid)).toBeUndefined()
  const saved = checkpointsIn(folder.path)
  expect(saved.length).toBeGreaterThanOrEqual(2)
  for (const path of saved) expect(load(folder.path, path).snapshot.model).toBeDefined()
  expect(eventsOf(folder.path).some((event) => event.type === 'ended')).toBe(false)

  const resumed = startQuick(folder.path, { resume: 'checkpoint-40' })
  await until(folder.path, () => eventsOf(folder.path).at(-1)?.attempt === 1)
  resumed.kill('SIGINT')
  expect(await ending(resumed)).toBe(0)
  expect(readdirSync(folder.path).filter((name) => name.startsWith('.'))).toEqual([])
  expect(eventsOf(folder.path).at(-1)).toMatchObject({ type: 'ended', status: 'stopped' })
})

test('a run that cannot continue fails with the reason', async () => {
  using folder = runFolder()
  const child = startQuick(folder.path, { resume: 'checkpoint-7', attempt: 3 })
  expect(await ending(child)).toBe(1)
  expect(eventsOf(folder.path)).toMatchObject([
    {
      type: 'ended',
      status: 'failed',
      attempt: 3,
      error: expect.stringMatching(/^checkpoint-7 is not a readable checkpoint/),
    },
  ])
})

test('a second process does not train in a folder that is in use', async () => {
  using folder = runFolder()
  const started_at = processStart(process.pid)
  const mark = JSON.stringify({ pid: process.pid, started_at, attempt: 0 })
  writeFileSync(join(folder.path, 'process.json'), mark)
  expect(await ending(startQuick(folder.path))).toBe(TAKEN)
  expect(readdirSync(folder.path)).toEqual(['process.json'])
})

test('an attempt that was already trained does not start again', async () => {
  const before = readFileSync(join(straight.path, JOURNAL), 'utf8')
  expect(await ending(startQuick(straight.path, { attempt: 0 }))).toBe(TAKEN)
  expect(readFileSync(join(straight.path, JOURNAL), 'utf8')).toBe(before)
})

test('an existing header names the run, and files of an earlier run do not complete it', async () => {
  using folder = runFolder()
  const job_id = '4b8a1c9e-3b57-4d0a-9a3e-0d6a4f5b7c11'
  const header = { journal: 1, job_id, name: 'moby', project: 'sea', recipe: 'char-lm' } as const
  openJournal(folder.path, header)[Symbol.dispose]()
  writeFileSync(join(folder.path, 'trainer_state.json'), '{}')
  const child = startQuick(folder.path)
  await until(folder.path, () => eventsOf(folder.path).length > 0)
  child.kill('SIGTERM')
  expect(await ending(child)).toBe(0)
  expect(readdirSync(folder.path)).not.toContain('trainer_state.json')
  expect(readJournal(join(folder.path, JOURNAL)).header).toEqual(header)
  expect(eventsOf(folder.path)[0]).toMatchObject({ type: 'started', name: 'moby', project: 'sea' })
})
