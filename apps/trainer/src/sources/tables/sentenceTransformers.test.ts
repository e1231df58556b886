import { join } from 'node:path'
import type { EventOf, TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, weightsOf, writeFiles, writeOutput } from '../../testing.ts'
import { readRun } from '../readRun.ts'

type Row = readonly [epoch: number, steps: number, ...values: number[]]

const HEAD = 'epoch,steps,cosine_pearson,cosine_spearman'

function table(rows: readonly Row[], head = HEAD): string {
  return [head, ...rows.map((row) => row.join(',')), ''].join('\n')
}

const FILE = 'eval/similarity_evaluation_sts-dev_results.csv'
/** Two epochs that are evaluated every 100 steps and at their ends. */
const WITHIN: readonly Row[] = [
  [0, 100, 0.5, 0.5],
  [0, 200, 0.5, 0.56],
  [0, -1, 0.5, 0.6],
  [1, 100, 0.5, 0.72],
  [1, 200, 0.5, 0.66],
  [1, -1, 0.5, 0.67],
]
/** A model as the program saves it. */
const model = (folder: string, step: number) => ({
  [join(folder, 'modules.json')]: '[]',
  [join(folder, 'config.json')]: '{}',
  [join(folder, '1_Pooling/config.json')]: '{}',
  [join(folder, 'model.safetensors')]: weightsOf(step),
})

function steps(
  events: readonly TrainingEvent[],
): [attempt: number, step: number, epoch: unknown][] {
  return events.flatMap((event) =>
    event.type === 'evaluation' ? [[event.attempt, event.step, event.epoch]] : [],
  )
}

async function read(files: Record<string, string | Uint8Array>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const run = await readRun(folder.path)
  const saved = run.events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []))
  const notes = run.events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  return { ...run, saved: saved.map(({ path, step }) => [path, step]), notes }
}

test('a table with only the ends of epochs counts epochs, and the model in the root is the best', async () => {
  await using folder = await temporaryFolder()
  const rows: Row[] = [
    [0, -1, 0.7, 0.71],
    [1, -1, 0.8, 0.82],
    [2, -1, 0.9, 0.8],
  ]
  await writeFiles(folder.path, { [FILE]: table(rows), ...model('', 1) })
  const { source, events } = await readRun(folder.path)
  expect(source).toBe('sentence_transformers')
  expect(steps(events)).toEqual([
    [0, 1, 1],
    [0, 2, 2],
    [0, 3, 3],
  ])
  const start = events.find((event): event is EventOf<'started'> => event.type === 'started')
  expect(start).toMatchObject({ metric_for_best: 'eval_cosine_spearman', direction: 'max' })
})

test('the last checkpoint gives the steps of an epoch, and all checkpoints are joined', async () => {
  const checkpoints = [100, 200, 300, 400, 500].map((step) => model(`checkpoints/${step}`, step))
  const { events, saved } = await read({
    [FILE]: table(WITHIN),
    ...model('', 0),
    ...Object.assign({}, ...checkpoints),
  })
  expect(steps(events).map(([, step]) => step)).toEqual([100, 200, 250, 350, 450, 500])
  expect(saved).toEqual([
    ['checkpoints/100', 100],
    ['checkpoints/200', 200],
    ['checkpoints/300', 300],
    ['.', 350],
    ['checkpoints/400', 400],
    ['checkpoints/500', 500],
  ])
})

test('if the number of steps per epoch is unknown, a warning says so', async () => {
  const { events, notes } = await read({ [FILE]: table(WITHIN), ...model('', 0) })
  expect(steps(events).map(([, step]) => step)).toEqual([100, 200, 201, 301, 401, 402])
  expect(notes[0]).toMatch(/^The files do not show how many steps an epoch has/)
})

test('the end of an epoch is its last step if both have the same values', async () => {
  const rows: Row[] = [
    [0, 100, 0.5, 0.5],
    [0, 200, 0.5, 0.6],
    [0, -1, 0.5, 0.6],
    [1, 100, 0.5, 0.7],
  ]
  const { events, notes } = await read({ [FILE]: table(rows) })
  expect(steps(events).map(([, step]) => step)).toEqual([100, 200, 200, 300])
  expect(notes).toEqual([])
})

test('steps that do not begin again in an epoch are those of the whole training', async () => {
  const rows: Row[] = [
    [0.5, 100, 0.5, 0.5],
    [1, 200, 0.5, 0.6],
    [1.5, 300, 0.5, 0.7],
  ]
  const { events } = await read({ [FILE]: table(rows) })
  expect(steps(events)).toEqual([
    [0, 100, 0.5],
    [0, 200, 1],
    [0, 300, 1.5],
  ])
})

test('a second training that appends to the table is a new attempt', async () => {
  const rows: Row[] = [
    [0, -1, 0.5, 0.5],
    [1, -1, 0.5, 0.6],
    [0, -1, 0.5, 0.7],
  ]
  const { events } = await read({ [FILE]: table(rows) })
  expect(steps(events).map(([attempt, step]) => [attempt, step])).toEqual([
    [0, 1],
    [0, 2],
    [1, 1],
  ])
  const starts = events.flatMap((event) => (event.type === 'started' ? [event.attempt] : []))
  expect(starts).toEqual([0, 1])
})

test('if there are several similarity functions, the best one decides, as in the evaluator', async () => {
  await using folder = await temporaryFolder()
  const rows: Row[] = [
    [0, -1, 0.7, 0.71, 0.75],
    [1, -1, 0.8, 0.72, 0.74],
    // A test after training.
    [-1, -1, 0.9, 0.9, 0.9],
  ]
  const text = table(rows, `${HEAD},dot_spearman`)
  await writeFiles(folder.path, { [FILE]: text, ...model('', 1) })
  expect(await readRun(folder.path)).toMatchObject({ source: 'sentence_transformers' })
  const { events } = await readRun(folder.path)
  const start = events.find((event): event is EventOf<'started'> => event.type === 'started')
  expect(start?.metric_for_best).toBe('eval_spearman_max')
  expect(steps(events)).toHaveLength(2)
})

test('several evaluators keep their names, and none of them decides', async () => {
  const { events } = await read({
    [FILE]: table([[0, -1, 0.5, 0.6]]),
    'eval/similarity_evaluation_other_results.csv': table([[0, -1, 0.3, 0.4]]),
  })
  const names = events.flatMap((event) =>
    event.type === 'evaluation' ? Object.keys(event.values) : [],
  )
  expect(names).toContain('eval_similarity_evaluation_other/cosine_spearman')
  const start = events.find((event): event is EventOf<'started'> => event.type === 'started')
  expect(start?.metric_for_best).toBeNull()
})

test("with the Trainer's state files the tables add nothing", async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [50], log: [{ step: 50, eval_loss: 1 }] })
  await writeFiles(folder.path, { [FILE]: table([[1, 50, 0.5, 0.6]]) })
  const { source, events } = await readRun(folder.path)
  expect(source).toBe('huggingface')
  expect(steps(events)).toHaveLength(1)
})
