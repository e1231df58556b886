import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'
import { searchRuns } from '../runSearch.ts'
import { eventRecord, record } from './tfeventsTesting.ts'
import { isOtherProcess, sortByTime } from './writers.ts'

const BEGIN = 1_795_000_000

/** The name that torch gives to an event file. */
function named(minute: number, process: number, count = 0): string {
  return `events.out.tfevents.${BEGIN + 60 * minute}.host.${process}.${count}`
}

/** A training loss and a validation loss at each step, one step per second. */
function training(minute: number, steps: readonly number[]): Buffer {
  const records = steps.map((step, index) => {
    const values = [
      { tag: 'train/loss', value: 1 },
      { tag: 'val/loss', value: 1 },
    ]
    return eventRecord(step, values, BEGIN + 60 * minute + index)
  })
  return Buffer.concat([version(), ...records])
}

/** Every writer begins with the version of the format. */
function version(): Buffer {
  const text = Buffer.from('brain.Event:2')
  return record(Buffer.concat([Buffer.from([0x1a, text.length]), text]))
}

function evaluated(events: readonly TrainingEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'evaluation' ? [`${event.attempt}:${event.step}`] : [],
  )
}

function starts(events: readonly TrainingEvent[]): [number, number | null][] {
  return events.flatMap((event) =>
    event.type === 'started' ? [[event.attempt, event.resumed_from]] : [],
  )
}

async function read(files: Record<string, Uint8Array | string>) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  const { events } = await readRun(folder.path)
  return events
}

async function roots(path: string): Promise<string[]> {
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const found: string[] = []
  for await (const { root } of searchRuns(path, walk)) found.push(root.slice(path.length + 1))
  return found
}

test('the process in a file name shows whether another process wrote the file', () => {
  expect(isOtherProcess(named(0, 7), named(1, 7, 1))).toBe(false)
  expect(isOtherProcess(named(0, 7), named(1, 8))).toBe(true)
  // A container gives the same number to each start, and a new process counts from 0 again.
  expect(isOtherProcess(named(0, 7), named(1, 7))).toBe(true)
  expect(isOtherProcess(`train/${named(0, 7)}.v2`, `validation/${named(0, 7, 1)}.v2`)).toBe(false)
})

test('event files are read in the order in which they were opened', () => {
  const files = [named(0, 7, 10), named(0, 7, 9), named(1, 8)]
  expect(sortByTime(files)).toEqual([named(0, 7, 9), named(0, 7, 10), named(1, 8)])
})

test('another process that trains in the same folder is a new attempt, also if its steps continue', async () => {
  const events = await read({
    [named(0, 7)]: training(0, [10, 20]),
    [named(5, 8)]: training(5, [30, 40]),
  })
  expect(starts(events)).toEqual([
    [0, null],
    [1, 20],
  ])
  expect(evaluated(events)).toEqual(['0:10', '0:20', '1:30', '1:40'])
})

test('a new file of the same process continues the attempt', async () => {
  const events = await read({
    [named(0, 7)]: training(0, [10, 20]),
    [named(5, 7, 1)]: training(5, [30, 40]),
  })
  expect(starts(events)).toEqual([[0, null]])
})

test('a later process that only evaluates is not a new attempt', async () => {
  const measured = eventRecord(20, [{ tag: 'test/loss', value: 1 }], BEGIN + 300)
  const events = await read({ [named(0, 7)]: training(0, [10, 20]), [named(5, 8)]: measured })
  expect(starts(events)).toEqual([[0, null]])
  expect(evaluated(events)).toEqual(['0:10', '0:20', '0:20'])
})

test('a run does not mix two trainings at the same time in its folder', async () => {
  const other = named(0, 8)
  const events = await read({
    [named(0, 7)]: training(0, [10, 20, 30]),
    [other]: training(0, [10, 20, 30]),
  })
  expect(evaluated(events)).toEqual(['0:10', '0:20', '0:30'])
  const notes = events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
  expect(notes).toEqual([
    expect.stringMatching(`^Another training at the same time wrote ${other}`),
  ])
})

test('values before the first step are of step 0', async () => {
  const events = await read({ [named(0, 7)]: training(0, [0, 1, 2]) })
  expect(evaluated(events)).toEqual(['0:0', '0:1', '0:2'])
})

test('a folder per start below `runs` is an attempt of the run with the weights', async () => {
  await using folder = await temporaryFolder()
  const [first, second] = ['runs/Nov20_10-00-00_host', 'runs/Nov20_10-05-00_host']
  await writeFiles(folder.path, {
    [`${first}/${named(0, 7)}`]: training(0, [1, 2]),
    [`${second}/${named(5, 8)}`]: training(5, [1, 2]),
    'model_1.pt': 'w',
  })
  expect(await roots(folder.path)).toEqual([''])
  const { events } = await readRun(folder.path)
  expect(evaluated(events)).toEqual(['0:1', '0:2', '1:1', '1:2'])
})

test('trainings at the same time below one folder are separate runs', async () => {
  await using folder = await temporaryFolder()
  const folders = ['runs/Nov20_10-00-00_host', 'runs/Nov20_10-00-30_host']
  const long = Array.from({ length: 50 }, (_, step) => step)
  await writeFiles(folder.path, {
    [`${folders[0]}/${named(0, 7)}`]: training(0, long),
    [`${folders[1]}/${named(0.5, 8)}`]: training(0.5, long),
    'model_1.pt': 'w',
  })
  expect(await roots(folder.path)).toEqual(folders)
})

test('eight trainings in one folder of logs are eight runs', async () => {
  await using folder = await temporaryFolder()
  const names = Array.from({ length: 8 }, (_, index) => `logs/fit-${index}`)
  for (const [index, name] of names.entries()) {
    const fit = Buffer.concat([version(), eventRecord(0, [{ tag: 'epoch_loss', value: 1 }])])
    await writeFiles(join(folder.path, name), {
      [`train/${named(index, index)}.v2`]: fit,
      [`validation/${named(index, index, 1)}.v2`]: fit,
    })
  }
  expect(await roots(folder.path)).toEqual(names)
})

test('a second start that logs nothing is not a run', async () => {
  await using folder = await temporaryFolder()
  const first = 'runs/first'
  await writeFiles(folder.path, {
    [`${first}/${named(0, 7)}`]: training(0, [1, 2]),
    [`${first}/${named(1, 8)}`]: version(),
    [`runs/second/${named(1, 8)}`]: version(),
  })
  expect(await roots(folder.path)).toEqual([first])
  expect(starts((await readRun(join(folder.path, first))).events)).toEqual([[0, null]])
  await writeFiles(folder.path, { 'model_1.pt': 'w' })
  expect(await roots(folder.path)).toEqual([''])
})

/** An epoch of Keras per value, with the tag of its loss. */
function fit(tag: string, epochs: readonly number[]): Buffer {
  return Buffer.concat(epochs.map((epoch) => eventRecord(epoch, [{ tag, value: epoch }])))
}

test('Keras counts epochs from 0, also if its tags have no `epoch_`', async () => {
  const events = await read({
    [`train/${named(0, 7)}.v2`]: fit('loss', [0, 1]),
    [`validation/${named(0, 7, 1)}.v2`]: fit('loss', [0, 1]),
    // A later `evaluate()` counts the steps of the optimiser.
    [`validation/${named(5, 8, 1)}.v2`]: fit('evaluation_loss_vs_iterations', [0]),
  })
  expect(evaluated(events)).toEqual(['0:1', '0:2'])
  const epochs = events.flatMap((event) => (event.type === 'evaluation' ? [event.epoch] : []))
  expect(epochs).toEqual([1, 2])
})

test('event files with only an evaluation of Keras say what they have', async () => {
  const values = ['loss', 'accuracy'].map((name) => {
    return { tag: `evaluation_${name}_vs_iterations`, value: 0.5 }
  })
  const file = `validation/${named(5, 8)}.v2`
  const events = await read({ [file]: eventRecord(80, values) })
  expect(readerWarnings(events)).toEqual([
    `${file} has only an evaluation without a training step: loss 0.5, accuracy 0.5. It is ignored`,
  ])
})

test('the validation of a start without an evaluation is not mixed with that of the next start', async () => {
  const events = await read({
    [`train/${named(0, 7)}.v2`]: fit('epoch_loss', [0, 1]),
    [`train/${named(1, 8)}.v2`]: fit('epoch_loss', [2]),
    [`train/${named(2, 9)}.v2`]: fit('epoch_loss', [2, 3]),
    [`validation/${named(0, 7, 1)}.v2`]: fit('epoch_loss', [0, 1]),
    [`validation/${named(2, 9, 1)}.v2`]: fit('epoch_loss', [2, 3]),
  })
  expect(evaluated(events)).toEqual(['0:1', '0:2', '2:3', '2:4'])
})
