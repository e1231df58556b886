import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EventOf, pythonJson, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../../commands/testing.ts'
import { temporaryFolder, weightsOf } from '../../testing.ts'
import { searchRuns } from '../runSearch.ts'
import { readRun } from '../readRun.ts'

/**
 * A real run of 80 steps whose lowest loss was at step 30, without a checkpoint. The Trainer then
 * loaded checkpoint-20, evaluated and predicted, after its state was saved.
 */
const RUN = fileURLToPath(new URL('../fixtures/results', import.meta.url))
const STATE = 'trainer_state.json'
const ARGS = 'training_args.bin'
const ALL = 'all_results.json'

function only<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type)
}

/** The attempt and step of each value of a metric, in the order of the events. */
function measured(events: readonly TrainingEvent[], name: string) {
  return only(events, 'evaluation').flatMap(({ step, values }) => {
    return name in values ? [[step, values[name]]] : []
  })
}

function texts(events: readonly TrainingEvent[], level: string): string[] {
  return only(events, 'log').flatMap((event) => (event.level === level ? [event.text] : []))
}

async function folderWith(...files: string[]) {
  const folder = await temporaryFolder()
  for (const file of files) await copyFile(join(RUN, file), join(folder.path, file))
  return folder
}

/** What these tests read in the fixture's files. */
interface Results {
  eval_loss: number
  predict_loss: number
  train_loss: number
  log_history: object[]
}

interface Rates {
  train_runtime: number
  train_steps_per_second: number
}

async function jsonIn(path: string): Promise<Results> {
  return JSON.parse(await readFile(path, 'utf8')) as Results
}

async function change(path: string, changed: Record<string, unknown>): Promise<void> {
  await writeFile(path, pythonJson({ ...(await jsonIn(path)), ...changed }, 4))
}

test('results add values that the state lacks, at the step of the loaded checkpoint, and nothing twice', async () => {
  await using folder = await folderWith(STATE, ARGS)
  const without = await readRun(folder.path)
  await copyFile(join(RUN, ALL), join(folder.path, ALL))
  const { events, source } = await readRun(folder.path)
  const { predict_loss } = await jsonIn(join(RUN, ALL))
  expect(source).toBe('huggingface')
  expect(measured(events, 'eval_loss')).toEqual(measured(without.events, 'eval_loss'))
  expect(measured(events, 'predict_loss')).toEqual([[20, predict_loss]])
  expect(texts(events, 'info')).toEqual([
    'all_results.json adds predict_loss at step 20 (its checkpoint was loaded after training)',
  ])
  const { samples, origin, lines } = only(events, 'evaluation').at(-1)!
  expect([samples, origin?.file]).toEqual([32, ALL])
  const line = (await readFile(join(RUN, ALL), 'utf8')).split('\n')[lines['predict_loss']! - 1]
  expect(line).toContain(`"predict_loss": ${predict_loss}`)
})

test('if it is unknown whether a checkpoint was loaded, exactly equal values show it', async () => {
  await using folder = await folderWith(STATE, ALL)
  const path = join(folder.path, ALL)
  const step = async () => measured((await readRun(folder.path)).events, 'predict_loss')[0]?.[0]
  expect(await step()).toBe(20)
  await change(path, { eval_loss: (await jsonIn(path)).eval_loss + 1e-9 })
  expect(await step()).toBe(80)
})

test('a configuration can declare whether a checkpoint was loaded', async () => {
  await using folder = await folderWith(STATE, ALL)
  await writeFile(join(folder.path, 'args.yaml'), 'load_best_model_at_end: false\n')
  const { events } = await readRun(folder.path)
  expect(measured(events, 'predict_loss')[0]?.[0]).toBe(80)
  expect(texts(events, 'warning')).toEqual([
    'all_results.json and trainer_state.json differ in eval_loss at step 80. The value in trainer_state.json is used',
  ])
})

test('values that a state logs after training belong to the loaded weights', async () => {
  await using folder = await folderWith(STATE, ARGS)
  const path = join(folder.path, STATE)
  const { log_history } = await jsonIn(path)
  const after = { epoch: 16, step: 80, eval_f1: 0.5 }
  await change(path, { log_history: [...log_history, after] })
  const { events } = await readRun(folder.path)
  expect(measured(events, 'eval_f1')).toEqual([[20, 0.5]])
})

test('results of an epoch after the newest state have the step of their epoch', async () => {
  await using folder = await folderWith(STATE, ALL)
  const path = join(folder.path, STATE)
  const none = { best_model_checkpoint: null, best_metric: null, best_global_step: null }
  await change(path, { ...none, global_step: 60, epoch: 12, log_history: [] })
  const at = async () => measured((await readRun(folder.path)).events, 'eval_loss')
  expect(await at()).toEqual([[80, expect.any(Number)]])
  // An epoch has two decimals, so this many of the 61,240 steps in 12 epochs have the same epoch.
  await change(path, { global_step: 61_240, max_steps: 100_000 })
  expect(await at()).toEqual([])
  expect(texts((await readRun(folder.path)).events, 'warning')).toEqual([
    'Ignored the metrics in all_results.json: no trainer_state.json has the step of epoch 16',
  ])
})

test('a folder with only results is a completed run with one evaluation at its last step', async () => {
  await using folder = await folderWith(ALL)
  const { events, source } = await readRun(folder.path)
  const { eval_loss, train_loss } = await jsonIn(join(RUN, ALL))
  expect(source).toBe('huggingface_results')
  expect(only(events, 'started')).toMatchObject([{ total_steps: 80 }])
  expect(measured(events, 'eval_loss')).toEqual([[80, eval_loss]])
  expect(only(events, 'metrics')).toMatchObject([{ step: 80, epoch: 16, values: { train_loss } }])
  expect(only(events, 'ended')).toMatchObject([{ status: 'completed' }])
  expect(texts(events, 'info')).toEqual([
    'Training took 80 steps, computed from the runtime and rate in all_results.json',
    'The metrics in all_results.json are assumed to be from the last step. No file says that another checkpoint was loaded after training',
  ])
})

test('the single result files give the same values as all_results.json', async () => {
  await using whole = await folderWith(ALL)
  await using parts = await folderWith(
    'train_results.json',
    'eval_results.json',
    'predict_results.json',
  )
  const values = async (root: string) =>
    only((await readRun(root)).events, 'evaluation').map((one) => [one.step, one.values])
  expect(await values(parts.path)).toEqual(await values(whole.path))
})

test('results with an exact number of steps belong to the checkpoint with that number', async () => {
  await using folder = await folderWith(ALL)
  for (const step of [60, 80]) {
    await mkdir(join(folder.path, `checkpoint-${step}`))
    await writeFile(join(folder.path, `checkpoint-${step}/model.safetensors`), weightsOf(step))
  }
  const { code, stdout } = await command(['pick', folder.path])
  expect(stdout.split('\n')[0]).toBe(join(folder.path, 'checkpoint-80'))
  expect(code).toBe(0)
})

test('results of a long run have an approximate step and belong to no checkpoint', async () => {
  await using folder = await folderWith(ALL)
  // 0.425 ± 0.0005 steps a second in 20,000 s: 8,490 to 8,510 steps, of which 8,500 were saved.
  const long = { train_runtime: 20_000, train_steps_per_second: 0.425 }
  await change(join(folder.path, ALL), long)
  await mkdir(join(folder.path, 'checkpoint-8500'))
  await writeFile(join(folder.path, 'checkpoint-8500/model.safetensors'), weightsOf(1))
  const { events } = await readRun(folder.path)
  expect(only(events, 'started')).toMatchObject([{ total_steps: null }])
  expect(measured(events, 'eval_loss').map(([step]) => step)).toEqual([8505])
  expect(texts(events, 'info')[0]).toBe(
    'Training took 8500 to 8510 steps, computed from the epoch, runtime and rate in all_results.json. The last step is shown as 8505, without a checkpoint',
  )
})

/** The options of the fixture: 16 epochs of 5 steps were planned. */
async function plannedRun(changed: Record<string, unknown>, ...saved: number[]) {
  const folder = await folderWith(ALL)
  await writeFile(join(folder.path, 'args.yaml'), 'num_train_epochs: 16\nmax_steps: -1\n')
  await change(join(folder.path, ALL), changed)
  for (const step of saved) await mkdir(join(folder.path, `checkpoint-${step}`))
  return folder
}

async function lastStepOf(folder: { path: string }) {
  const { events } = await readRun(folder.path)
  const [{ total_steps } = {}] = only(events, 'started')
  return [total_steps, ...measured(events, 'eval_loss').map(([step]) => step)]
}

test('the steps of a run that ended early fit both planned and completed steps', async () => {
  await using unknown = await plannedRun({ epoch: 8 })
  expect(await lastStepOf(unknown)).toEqual([null, 60])
  expect(texts((await readRun(unknown.path)).events, 'info')[0]).toBe(
    'Training took 40 to 80 steps, computed from the epoch, runtime and rate in all_results.json. The last step is shown as 60, without a checkpoint',
  )
  await using made = await plannedRun({ epoch: 8 }, 40, 80)
  expect(await lastStepOf(made)).toEqual([80, 80])
})

test('the number of samples shows whether the steps are planned or since a resume', async () => {
  const { train_runtime, train_steps_per_second } = (await jsonIn(join(RUN, ALL))) as Results &
    Rates
  const steps = Math.round(train_runtime * train_steps_per_second)
  const of = (epochs: number) => ({
    ...{ train_runtime, train_steps_per_second, train_samples: 40 },
    train_samples_per_second: (40 * epochs) / train_runtime,
  })
  await using early = await plannedRun({ ...of(16), epoch: 8 })
  expect(await lastStepOf(early)).toEqual([steps / 2, steps / 2])
  await using resumed = await plannedRun({ ...of(8), epoch: 16 }, 120)
  expect(await lastStepOf(resumed)).toEqual([steps * 2, steps * 2])
})

test('fewer steps than those of a checkpoint are since a resume, so the last step is unknown', async () => {
  await using folder = await plannedRun({}, 100)
  expect(await lastStepOf(folder)).toEqual([null])
})

test('a run that dropped incomplete steps of each epoch did not end early', async () => {
  await using folder = await plannedRun({ epoch: 15 })
  expect(await lastStepOf(folder)).toEqual([80, 80])
})

test('results of an unnamed checkpoint are skipped with a warning', async () => {
  await using folder = await folderWith(ALL, ARGS)
  const loaded = (await readRun(folder.path)).events
  expect(only(loaded, 'evaluation')).toEqual([])
  expect(texts(loaded, 'warning')).toEqual([
    'Ignored the metrics in all_results.json: no file names the checkpoint that was loaded after training. To add them, run: bestmark score CHECKPOINT --results all_results.json',
  ])
  await rm(join(folder.path, ALL))
  await copyFile(join(RUN, 'eval_results.json'), join(folder.path, 'eval_results.json'))
  const { events } = await readRun(folder.path)
  expect(only(events, 'evaluation')).toEqual([])
  expect(texts(events, 'warning')).toEqual([
    'eval_results.json has eval_loss 1.7706. They are ignored, because the file does not have the number of training steps. To add them, run: bestmark score CHECKPOINT --results eval_results.json',
  ])
})

test('invalid result files are skipped with a warning, and the others are read', async () => {
  await using folder = await folderWith('train_results.json', 'eval_results.json')
  await writeFile(join(folder.path, ALL), '{"epoch": 16.0, "eval_')
  const { events } = await readRun(folder.path)
  expect(measured(events, 'eval_loss').map(([step]) => step)).toEqual([80])
  expect(texts(events, 'warning')).toEqual(['Skipped all_results.json: it is not a JSON object'])
})

test('an evaluation of downloaded weights is not a run', async () => {
  await using folder = await temporaryFolder()
  const found = async () => {
    const names: string[] = []
    const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
    for await (const { source } of searchRuns(folder.path, walk)) names.push(source)
    return names
  }
  const evaluated = { eval_loss: 1, eval_runtime: 2 }
  await writeFile(join(folder.path, ALL), pythonJson(evaluated, 4))
  expect(await found()).toEqual([])
  await writeFile(join(folder.path, ALL), pythonJson({ ...evaluated, epoch: 1 }, 4))
  expect(await found()).toEqual(['huggingface_results'])
})

test('a folder with only the results of an evaluation is not a run, and the error says what it has', async () => {
  await using folder = await temporaryFolder()
  const evaluated = { eval_accuracy: 0.9, eval_loss: 0.3, eval_runtime: 2, eval_samples: 10 }
  await writeFile(join(folder.path, 'eval_results.json'), pythonJson(evaluated, 4))
  await expect(readRun(folder.path)).rejects.toThrow(
    'eval_results.json has the results of an evaluation (eval_accuracy 0.9, eval_loss 0.3',
  )
})
