import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TrainingEvent, JOURNAL } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { readRun } from '../readRun.ts'
import { RUN_JOURNAL } from './runJournal.ts'
import type { SourceReader } from '../reader/source.ts'
import { OUTPUT } from '../output/runOutput.ts'

let home: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  home = await temporaryFolder()
})
afterAll(() => home[Symbol.asyncDispose]())

const job_id = '7b0c0a51-9b5a-4f0e-8a57-3b7f7f1b9b11'
const HEADER = { journal: 1, job_id, name: 'one', project: 'p' }
/** One moment plus some seconds, in the form of a process mark and of a journal. */
const time = (second: number) => Date.UTC(2026, 0, 2, 3, 4, second)
const mark = (second: number, word: string) =>
  `bestmark run: ${new Date(time(second)).toISOString()} ${word}\n`
const line = (event: object) => `${JSON.stringify(event)}\n`
const began = (attempt: number, second: number) =>
  line({ type: 'started', attempt, at: time(second) })
const ended = (attempt: number, second: number, status: string, error: string | null = null) =>
  line({ type: 'ended', attempt, at: time(second), status, error })
const loss = (attempt: number, step: number) =>
  line({ type: 'metrics', attempt, step, at: null, values: { loss: 1 / step } })

async function folderWith(name: string, log: string[], journal: string[]): Promise<string> {
  const root = join(home.path, name)
  await mkdir(root)
  await writeFile(join(root, OUTPUT), log.join(''))
  await writeFile(join(root, JOURNAL), line(HEADER) + journal.join(''))
  return root
}

/** Where attempts began and how they ended. */
function turns(events: readonly TrainingEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'started') return [`started ${event.attempt}`]
    if (event.type !== 'ended') return []
    return [`${event.status} ${event.attempt}${event.error ? ` (${event.error})` : ''}`]
  })
}

async function untilQuiet(reader: SourceReader): Promise<TrainingEvent[]> {
  const found: TrainingEvent[] = []
  for (let cursor = ''; ;) {
    const piece = await reader.next()
    found.push(...piece.events)
    if (piece.cursor === cursor) return found
    cursor = piece.cursor
  }
}

test('an exit code has priority over the journal, except for exit code 0', async () => {
  const log = [
    mark(0, 'started: train'),
    mark(9, 'failed: code 1'),
    mark(10, 'started: train'),
    mark(19, 'completed'),
    mark(20, 'started: train'),
    mark(29, 'failed: code 1'),
  ]
  const root = await folderWith('three', log, [
    ...[began(0, 1), loss(0, 1), ended(0, 8, 'completed')],
    ...[began(1, 11), loss(1, 1), ended(1, 18, 'stopped')],
    ...[began(2, 21), loss(2, 1), ended(2, 28, 'failed', 'ValueError()')],
  ])
  const run = await readRun(root)
  expect(run).toMatchObject({ source: 'run_journal', job_id, name: 'one' })
  expect(turns(run.events).slice(1)).toEqual([
    'started 0',
    'failed 0 (code 1)',
    'started 1',
    'stopped 1',
    'started 2',
    'failed 2 (ValueError())',
  ])
})

test('attempts of one program end as the journal says, and the last one by the exit code', async () => {
  const log = [mark(0, 'started: sweep'), mark(9, 'failed: code 1')]
  const root = await folderWith('two fits', log, [
    ...[began(0, 1), ended(0, 3, 'completed')],
    ...[began(1, 4), ended(1, 8, 'completed')],
  ])
  const { events } = await readRun(root)
  expect(turns(events).slice(1)).toEqual([
    'started 0',
    'completed 0',
    'started 1',
    'failed 1 (code 1)',
  ])
})

test('a start that fails before its journal is an attempt, and a start by hand ends as the journal says', async () => {
  const log = [mark(0, 'started: train'), mark(5, 'completed'), mark(10, 'started: train')]
  const root = await folderWith('by hand', log, [
    ...[began(0, 1), ended(0, 4, 'completed')],
    ...[began(1, 6), ended(1, 7, 'stopped')],
  ])
  const reader = RUN_JOURNAL.open({ root, cursor: null, isOver: false })
  const first = ['started 0', 'completed 0', 'started 1', 'stopped 1']
  expect(turns(await untilQuiet(reader)).slice(1)).toEqual([...first, 'started 2'])
  await appendFile(join(root, OUTPUT), mark(11, 'failed: no such module'))
  expect(turns(await untilQuiet(reader))).toEqual(['failed 2 (no such module)'])
  await appendFile(join(root, OUTPUT), mark(20, 'started: train'))
  expect(turns(await untilQuiet(reader))).toEqual(['started 2'])
  await appendFile(join(root, JOURNAL), began(2, 21) + loss(2, 1) + ended(2, 24, 'completed'))
  // The program may continue and fail later.
  expect(turns(await untilQuiet(reader))).toEqual(['started 2'])
  await appendFile(join(root, OUTPUT), mark(25, 'completed'))
  expect(turns(await untilQuiet(reader))).toEqual(['completed 2'])
})

test('an end is sent after all events of the journal, also across several readers', async () => {
  const log = [mark(0, 'started: train')]
  const steps = Array.from({ length: 20_000 }, (_, index) => loss(0, index + 1))
  const root = await folderWith('long', log, [began(0, 1), ...steps])
  await appendFile(join(root, OUTPUT), mark(9, 'failed: code 1'))
  const events: TrainingEvent[] = []
  for (let cursor: string | null = null; ;) {
    const piece = await RUN_JOURNAL.open({ root, cursor, isOver: false }).next()
    expect(piece.replace).toBe(false)
    events.push(...piece.events)
    if (piece.cursor === cursor) break
    cursor = piece.cursor
  }
  expect(events.filter(({ type }) => type === 'metrics')).toHaveLength(20_000)
  expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'failed', attempt: 0 })
  expect(turns(events)).toHaveLength(3)
})

test('an invalid journal line gives a warning, and later lines are read', async () => {
  const root = await folderWith('odd', [mark(0, 'started: t')], [began(0, 1), '{"a\n', loss(0, 1)])
  const events = await untilQuiet(RUN_JOURNAL.open({ root, cursor: null, isOver: false }))
  const logs = events.filter(({ type }) => type === 'log')
  expect(logs).toMatchObject([{ text: expect.stringContaining('Skipped line 3 of journal.jsonl') }])
  const measured = events.filter(({ type }) => type === 'metrics')
  expect(measured).toMatchObject([{ step: 1 }])
})
