import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles, writeOutput } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readHuggingFace } from '../huggingface/huggingface.ts'
import { readRun } from '../readRun.ts'
import { readWhole } from './source.ts'
import { openRun, findSources } from '../sources.ts'
import { ERRORS, OUTPUT } from '../output/runOutput.ts'
import { eventRecord } from '../tensorboard/tfeventsTesting.ts'

const ITERATIONS = fileURLToPath(
  new URL('../../checkpoints/weights/fixtures/iterations.h5', import.meta.url),
)

const mark = (second: number, word: string) =>
  `bestmark run: 2026-11-23T10:00:0${second}.000Z ${word}\n`

test('a restarted program is running, in any order of its two logs', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await mkdir(root)
  await writeFile(join(root, 'metrics.csv'), 'epoch,step,train_loss,val_loss\n0,9,1,2\n')
  const starts = mark(1, 'started: train') + mark(3, 'started: train')
  await writeFile(join(root, ERRORS), starts)
  const output = mark(1, 'started: train') + mark(2, 'completed') + mark(3, 'started: train')
  await writeFile(join(root, OUTPUT), output)
  const options = { root, cursor: null, isOver: false }
  const events = await readWhole(openRun(await findSources(root), options))
  const turns = events.filter(({ type }) => type === 'started' || type === 'ended')
  expect(turns.at(-1)).toMatchObject({ type: 'started', at: Date.parse('2026-11-23T10:00:03Z') })
})

test('a training that continues a completed one stays in the same attempt while it runs', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'output')
  const log = [100, 200].map((step) => ({ step, eval_loss: step }))
  const over: Record<string, number>[] = [
    { step: 200, train_runtime: 9 },
    { step: 200, eval_loss: 100 },
  ]
  await writeOutput(root, { saves: [100, 200], log: [...log, ...over], state: { max_steps: 200 } })
  const more = [...log, { step: 300, eval_loss: 300 }]
  await writeOutput(root, { saves: [100, 200, 300], log: more, root: false })
  const { events } = await readHuggingFace(root)
  const starts = events.filter(({ type }) => type === 'started')
  expect(starts).toMatchObject([{ attempt: 0, total_steps: 1000 }])
})

const trained = (rows: [step: number, loss: number][]) =>
  rows.map(([step, loss]) => `${JSON.stringify({ current_steps: step, total_steps: 30, loss })}\n`)

test('values that another source adds have its attempt, and are sent once', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await mkdir(root)
  const log = join(root, 'trainer_log.jsonl')
  const rows = trained([
    [10, 3],
    [20, 2],
    [10, 6],
  ])
  await writeFile(log, rows.join(''))
  const scalars = (step: number, loss: number) =>
    eventRecord(step, [
      { tag: 'train/loss', value: loss },
      { tag: 'train/reward', value: 10 * loss },
    ])
  const records = [scalars(10, 3), scalars(20, 2), scalars(10, 6)]
  await writeFile(join(root, 'events.out.tfevents.1.here'), Buffer.concat(records))
  const reader = openRun(await findSources(root), { root, cursor: null, isOver: false })
  const rewards = (events: readonly TrainingEvent[]) =>
    events.flatMap((event) =>
      event.type === 'metrics' && 'train/reward' in event.values
        ? [[event.attempt, event.step, event.values['train/reward']]]
        : [],
    )
  const expected = [
    [0, 10, 30],
    [0, 20, 20],
    [1, 10, 60],
  ]
  expect(rewards(await readWhole(reader))).toEqual(expected)
  const late = { current_steps: 20, total_steps: 30, loss: 5, 'train/reward': 50 }
  await appendFile(log, `${JSON.stringify(late)}\n`)
  const anew: TrainingEvent[] = []
  const pieces: boolean[] = []
  for (;;) {
    const piece = await reader.next()
    if (piece.events.length === 0) break
    pieces.push(piece.replace)
    anew.push(...piece.events)
  }
  expect(pieces[0]).toBe(true)
  expect(rewards(anew)).toEqual([[1, 20, 50]])
})

test('only the source whose checkpoints are used gives notes about their steps', async () => {
  await using folder = await temporaryFolder()
  const epochs = [3, 2, 1].map(
    (loss, at) => `Epoch ${at + 1}/3\n10/10 - 1s - loss: ${loss} - val_loss: ${loss}\n`,
  )
  const losses = [3, 2, 1].map((loss, at) => `${at},${loss},${loss}\n`)
  await writeFiles(folder.path, {
    'training.csv': `epoch,loss,val_loss\n${losses.join('')}`,
    'model-01-3.0.h5': await readFile(ITERATIONS),
    [OUTPUT]: mark(1, 'started: train') + epochs.join(''),
  })
  const { events } = await readRun(folder.path)
  const found = events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []))
  expect(found).toEqual([1])
  expect(readerWarnings(events)).toEqual([])
})
