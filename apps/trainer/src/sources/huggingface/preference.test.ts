import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { directionOf, type Direction, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../../commands/testing.ts'
import { temporaryFolder, weightsOf, writeOutput } from '../../testing.ts'
import { pick } from '../programsTesting.ts'
import { readRun } from '../readRun.ts'
import { OUTPUT } from '../output/runOutput.ts'
import { RUN_OUTPUT } from '../output/textLog.ts'

/** The output of `pick` for a run that saved at steps 100 and 200 and logged these rows. */
async function picked(log: Record<string, number>[]) {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100, 200], log })
  const { stdout, code } = await command(['pick', '--json', '.'], { cwd: folder.path })
  const { best_step, best_metric_name } = JSON.parse(stdout)
  return { code, best_step, best_metric_name }
}

test('the reward accuracy decides for a DPO run, even if its loss is lower at another step', async () => {
  const dpo = (step: number, eval_loss: number, accuracy: number, chosen: number) => ({
    ...{ step, eval_loss, 'eval_rewards/accuracies': accuracy, 'eval_rewards/chosen': chosen },
    ...{ 'eval_rewards/margins': 1 - chosen, 'eval_logps/chosen': -80 + chosen },
  })
  expect(await picked([dpo(100, 0.61, 0.64, -0.1), dpo(200, 0.66, 0.71, -0.4)])).toEqual({
    code: 0,
    best_step: 200,
    best_metric_name: 'eval_rewards/accuracies',
  })
})

test('the reward decides for a GRPO run, whose loss starts near zero and rises', async () => {
  const grpo = (step: number, eval_loss: number, eval_reward: number) => ({
    ...{ step, eval_loss, eval_reward, eval_reward_std: 0.2, eval_kl: eval_loss * 25 },
    'eval_completions/mean_length': 120,
  })
  expect(await picked([grpo(100, 0.0004, 0.31), grpo(200, 0.0031, 0.58)])).toEqual({
    code: 0,
    best_step: 200,
    best_metric_name: 'eval_reward',
  })
})

test('preference training without a metric of progress is not decided by its loss', async () => {
  const rows = [100, 200].map((step) => ({ step, eval_loss: step, 'eval_rewards/chosen': -1 }))
  expect(await picked(rows)).toMatchObject({ code: 1, best_step: null })
})

/** States of real runs of TRL (clients/python/programs/trl_fit.py), which saved each 10 steps. */
const RUNS = fileURLToPath(new URL('../fixtures/trl', import.meta.url))
const SAVES = [10, 20, 30]

interface State {
  best_metric: number
  best_global_step: number
  best_model_checkpoint: string
  log_history: Record<string, number>[]
}

async function recorded(kind: string, file = 'trainer_state.json'): Promise<State> {
  return JSON.parse(await readFile(join(RUNS, kind, file), 'utf8')) as State
}

/** A run's states as TRL wrote them, with weights beside those of the checkpoints. */
async function trained(kind: string, folder: string): Promise<string> {
  const root = join(folder, kind)
  await cp(join(RUNS, kind), root, { recursive: true })
  for (const step of SAVES) {
    await writeFile(join(root, `checkpoint-${step}`, 'model.safetensors'), weightsOf(step))
  }
  return root
}

test.each([
  ['dpo', 'eval_rewards/accuracies'],
  ['reward', 'eval_accuracy'],
  ['grpo', 'eval_reward'],
])("the best of a run of TRL's (%s) is what it recorded, by %s", async (kind, metric) => {
  await using folder = await temporaryFolder()
  const root = await trained(kind, folder.path)
  const { best_metric, best_model_checkpoint } = await recorded(kind)
  expect(await pick(root)).toMatchObject({
    best_metric_name: metric,
    best_metric,
    best_checkpoint_path: join(root, basename(best_model_checkpoint)),
    second_opinion: { agrees: true },
  })
})

test('while a DPO run is running, its best checkpoint is the one in the newest state', async () => {
  await using folder = await temporaryFolder()
  const root = await trained('dpo', folder.path)
  await rm(join(root, 'trainer_state.json'))
  for (const step of SAVES.toReversed()) {
    const state = await recorded('dpo', `checkpoint-${step}/trainer_state.json`)
    expect(await pick(root)).toMatchObject({
      best_metric: state.best_metric,
      best_checkpoint_path: join(root, basename(state.best_model_checkpoint)),
    })
    await rm(join(root, `checkpoint-${step}`), { recursive: true })
  }
})

test("the reward accuracy decides for a DPO run that declares the loss, and the trainer's record differs", async () => {
  await using folder = await temporaryFolder()
  const root = await trained('dpo_by_loss', folder.path)
  const { best_metric, best_global_step } = await recorded('dpo_by_loss')
  expect(best_global_step).toBe(30)
  expect(await pick(root)).toMatchObject({
    best_metric_name: 'eval_rewards/accuracies',
    best_step: 10,
    second_opinion: { agrees: false, because: 'other_metric', step: 30, value: best_metric },
  })
})

test("the claim of TRL's SFT is the save before its unsaved best evaluation", async () => {
  await using folder = await temporaryFolder()
  const root = await trained('sft', folder.path)
  const { best_metric, best_model_checkpoint, log_history } = await recorded('sft')
  expect(basename(best_model_checkpoint)).toBe('checkpoint-20')
  const metric = 'eval_mean_token_accuracy'
  const last = log_history.find((row) => row['step'] === 30 && metric in row)
  expect(await pick(root)).toMatchObject({
    best_metric_name: metric,
    best_step: 30,
    best_metric: last?.[metric],
    missed_best: { step: 25, value: best_metric },
    second_opinion: { agrees: false, because: 'stale_pointer' },
  })
})

/** Held-out columns whose names show their direction; all others have none. */
const DIRECTIONS: Record<string, Record<string, Direction>> = {
  sft: { eval_loss: 'min', eval_mean_token_accuracy: 'max' },
  dpo: { eval_loss: 'min', eval_mean_token_accuracy: 'max', 'eval_rewards/accuracies': 'max' },
  grpo: { eval_loss: 'min', eval_kl: 'min', eval_reward: 'max' },
}

test.each(['sft', 'dpo', 'reward', 'grpo'])(
  'each column that TRL logged (%s) is one of training or of the evaluation, with its value',
  async (kind) => {
    await using folder = await temporaryFolder()
    const { events } = await readRun(await trained(kind, folder.path))
    const measured = events.flatMap((event) => ('values' in event ? [event] : []))
    const { log_history } = await recorded(kind)
    const rows = log_history.filter((row) => !('train_runtime' in row))
    const isOfEvaluation = (row: object): boolean => 'eval_loss' in row
    expect(
      measured.map(({ type, step, epoch, values }) => ({ type, step, epoch, values })),
    ).toEqual(
      rows.map(({ step, epoch, ...values }) => {
        const type = isOfEvaluation(values) ? 'evaluation' : 'metrics'
        return { type, step, epoch, values }
      }),
    )
    for (const event of measured) if (event.type === 'evaluation') expect(event.samples).toBe(32)
    expect(events[0]).toMatchObject({ type: 'started', total_steps: 30, save_steps: 10 })
    const names = Object.keys(rows.find(isOfEvaluation) ?? {})
    const directions = names.flatMap((name) => {
      const direction = directionOf(name)
      return direction ? [[name, direction]] : []
    })
    if (kind in DIRECTIONS) expect(Object.fromEntries(directions)).toEqual(DIRECTIONS[kind])
  },
)

/** What the same run of DPO printed. Its stdout and stderr went into one file. */
const PRINTED = join(RUNS, 'dpo_printed.txt')

function measuredIn(events: readonly TrainingEvent[]) {
  return events.flatMap((event) => ('values' in event ? [event] : []))
}

/** Speeds differ in each run. */
const isRate = (name: string): boolean => /runtime|_per_second/.test(name)

test('a row printed over a bar has the step of the next drawn bar', async () => {
  await using folder = await temporaryFolder()
  await cp(PRINTED, join(folder.path, OUTPUT))
  const { events, source } = await readRun(folder.path)
  expect(source).toBe('run_log')
  const printed = measuredIn(events)
  const kept = measuredIn((await readRun(join(RUNS, 'dpo'))).events)
  const typeAndStep = ({ type, step }: TrainingEvent & { step: number }) => [type, step]
  // Before the row of step 20 the bar was last drawn at 19.
  expect(printed.map(typeAndStep)).toEqual(kept.map(typeAndStep))
  kept.forEach(({ values }, index) => {
    for (const [name, value] of Object.entries(values).filter(([name]) => !isRate(name))) {
      const digits = Math.abs(value ?? NaN) * 5.1e-4
      expect(Math.abs((printed[index]?.values[name] ?? NaN) - (value ?? NaN))).toBeLessThanOrEqual(
        digits,
      )
    }
  })
})

test('such a row is sent as soon as the bar is drawn, and only once', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, OUTPUT)
  const printed = await readFile(PRINTED, 'utf8')
  const row = printed.indexOf('\n', printed.indexOf("{'loss'")) + 1
  const drawn = printed.indexOf(']', row) + 1
  const reader = RUN_OUTPUT.open({ root: folder.path, cursor: null, isOver: false })
  await writeFile(path, printed.slice(0, row))
  expect(measuredIn((await reader.next()).events)).toEqual([])
  const other = join(folder.path, 'live')
  await mkdir(other)
  await writeFile(join(other, OUTPUT), printed.slice(0, drawn))
  const live = RUN_OUTPUT.open({ root: other, cursor: null, isOver: false })
  expect(measuredIn((await live.next()).events)).toMatchObject([{ type: 'metrics', step: 10 }])
  for (const [file, follower, before] of [
    [path, reader, 0],
    [join(other, OUTPUT), live, 1],
  ] as const) {
    await writeFile(file, printed)
    expect(measuredIn((await follower.next()).events)).toHaveLength(6 - before)
  }
})

test('a row without a later bar has no step, with a warning', async () => {
  await using folder = await temporaryFolder()
  const printed = await readFile(PRINTED, 'utf8')
  const row = printed.indexOf('\n', printed.indexOf("{'loss'")) + 1
  await writeFile(join(folder.path, OUTPUT), printed.slice(0, row))
  const { events } = await readRun(folder.path)
  expect(measuredIn(events)).toEqual([])
  expect(events.filter((event) => event.type === 'log' && event.reader === true)).toMatchObject([
    { text: expect.stringContaining('have no step number') },
  ])
})
