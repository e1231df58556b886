import { readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type EventOf, type TrainingEvent, pythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeOutput } from '../../testing.ts'
import { readRun } from '../readRun.ts'

function only<Type extends TrainingEvent['type']>(
  events: readonly TrainingEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type)
}

test('each evaluation and the claim have the file and line of their numbers', async () => {
  await using folder = await temporaryFolder()
  const log = [
    { step: 100, eval_loss: 2, eval_f1: 0.5 },
    { step: 200, eval_loss: 1, eval_f1: NaN },
  ]
  const state = { best_metric: 1, best_model_checkpoint: 'out/checkpoint-200' }
  await writeOutput(folder.path, { saves: [100, 200], log, state })
  const path = join(folder.path, 'trainer_state.json')
  const whole = { ...state, global_step: 200, max_steps: 200, log_history: log }
  await writeFile(path, pythonJson(whole, 2))
  const text = (await readFile(path, 'utf8')).split('\n')
  const { events } = await readRun(folder.path)
  const [claim] = only(events, 'claim')
  expect(claim?.origin?.file).toBe('trainer_state.json')
  expect(text[(claim?.origin?.line ?? 0) - 1]).toContain('"best_metric": 1')
  const evaluations = only(events, 'evaluation')
  expect(evaluations).toHaveLength(log.length)
  for (const { values, lines, origin } of evaluations) {
    expect(origin?.file).toBe('trainer_state.json')
    expect(Object.keys(lines)).toEqual(Object.keys(values))
    for (const [name, line] of Object.entries(lines)) {
      expect(text[line - 1]).toContain(`"${name}": ${values[name]}`)
    }
  }
})

test('each evaluation set has its own number of samples, and each of its numbers its line', async () => {
  await using folder = await temporaryFolder()
  const rates = (prefix: string, samples: number) => ({
    [`${prefix}_runtime`]: 4,
    [`${prefix}_samples_per_second`]: samples / 4,
  })
  const books = { eval_books_loss: 1, eval_books_acc: 0.5, ...rates('eval_books', 100) }
  const news = { eval_news_loss: 2, eval_news_acc: 0.6, ...rates('eval_news', 300) }
  const log: Record<string, number>[] = [
    { step: 100, eval_loss: 3, ...rates('eval', 50), ...books, ...news },
    { step: 200, ...books },
    { step: 200, ...news },
    { step: 300, ...books, ...news, ...rates('eval_news', 100) },
    { step: 400, eval_loss: 3 },
    { step: 500, ...books, eval_news_loss: 1, eval_news_runtime: 2 },
  ]
  await writeOutput(folder.path, { saves: [], log })
  const path = join(folder.path, 'trainer_state.json')
  const state = { global_step: 500, max_steps: 500, log_history: log }
  await writeFile(path, pythonJson(state, 2))
  const text = (await readFile(path, 'utf8')).split('\n')
  const { events } = await readRun(folder.path)
  const evaluations = only(events, 'evaluation')
  expect(evaluations.map(({ step, samples, values }) => [step, samples, values])).toEqual([
    [100, 50, { eval_loss: 3, ...rates('eval', 50) }],
    [100, 100, books],
    [100, 300, news],
    [200, 100, books],
    [200, 300, news],
    [300, 100, { ...books, ...news, ...rates('eval_news', 100) }],
    [400, null, { eval_loss: 3 }],
    [500, 100, books],
    [500, null, { eval_news_loss: 1, eval_news_runtime: 2 }],
  ])
  for (const { values, lines } of evaluations) {
    expect(Object.keys(lines)).toEqual(Object.keys(values))
    for (const [name, line] of Object.entries(lines)) expect(text[line - 1]).toContain(`"${name}"`)
  }
})

test('a loss of 0 with a grad_norm of NaN becomes NaN, with one warning', async () => {
  await using folder = await temporaryFolder()
  const log = [
    { step: 10, loss: 0, grad_norm: 0.5 },
    { step: 20, loss: 0, grad_norm: NaN },
    { step: 30, loss: 0, grad_norm: NaN },
    { step: 40, loss: 1, grad_norm: NaN },
  ]
  await writeOutput(folder.path, { saves: [], log })
  const { events } = await readRun(folder.path)
  expect(only(events, 'metrics').map(({ values }) => values['loss'])).toEqual([0, NaN, NaN, 1])
  expect(only(events, 'log').map(({ level, text }) => [level, text])).toEqual([
    [
      'warning',
      '2 training losses of 0 have a grad_norm of NaN (first in trainer_state.json:13). They are shown as NaN, because logging_nan_inf_filter logs NaN as 0',
    ],
  ])
})

/** A run of 300 steps that has ended, and a rerun in its folder that is at step 100. */
async function rerun(times: Record<'root' | 100 | 200 | 300, number>) {
  const folder = await temporaryFolder()
  const rows = (by: number) => [100, 200, 300].map((step) => ({ step, eval_loss: step * by }))
  await writeOutput(folder.path, { saves: [100, 200, 300], log: rows(1) })
  await writeOutput(folder.path, { saves: [100], log: rows(2), root: false })
  for (const [of, seconds] of Object.entries(times)) {
    const inside = of === 'root' ? '' : `checkpoint-${of}`
    await utimes(join(folder.path, inside, 'trainer_state.json'), seconds, seconds)
  }
  return folder
}

const byAttempt = (events: readonly TrainingEvent[]) =>
  only(events, 'evaluation').map(({ attempt, values }) => [attempt, values['eval_loss']])

test("the attempt with the newest file is the last one, before the root's state is written", async () => {
  await using folder = await rerun({ 200: 1_000, 300: 2_000, root: 2_001, 100: 3_000 })
  const { events } = await readRun(folder.path)
  expect(byAttempt(events)).toEqual([
    [0, 100],
    [0, 200],
    [0, 300],
    [1, 200],
  ])
})

test('file times that are not in the order of steps do not decide which attempt is last', async () => {
  await using folder = await rerun({ 300: 1_000, 200: 2_000, root: 2_001, 100: 3_000 })
  const { events } = await readRun(folder.path)
  expect(byAttempt(events).at(-1)).toEqual([1, 300])
})
