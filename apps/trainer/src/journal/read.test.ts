import { type JournalHeader, JOURNAL } from '@bestmark/core'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lastAttempt, readJournal } from './read.ts'
import { openJournal } from './write.ts'
import { PIECE } from '../files/lines.ts'

const HEADER: JournalHeader = {
  journal: 1,
  job_id: '4b8a1c9e-3b57-4d0a-9a3e-0d6a4f5b7c11',
  name: 'moby',
  project: 'whales',
  recipe: 'char-lm',
}

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(folder, JOURNAL)
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(...steps: number[]): void {
  using journal = openJournal(folder, HEADER)
  for (const step of steps) {
    journal.append({ type: 'metrics', attempt: 0, step, values: { loss: step } })
  }
}

const stepsOf = (events: object[]) => events.map((event) => 'step' in event && event.step)

test('written events are read back, including NaN, with the defaults of the schema', () => {
  {
    using journal = openJournal(folder, HEADER)
    journal.append({ type: 'metrics', attempt: 0, step: 1, values: { loss: NaN, norm: -Infinity } })
  }
  const { header, events } = readJournal(path)
  expect(header).toEqual(HEADER)
  const values = { loss: NaN, norm: -Infinity }
  expect(events).toEqual([{ type: 'metrics', attempt: 0, step: 1, epoch: null, at: null, values }])
})

test('an evaluation has its own line as origin, even after the journal was opened again', () => {
  write(1, 2)
  {
    using journal = openJournal(folder, HEADER)
    journal.append({ type: 'evaluation', attempt: 0, step: 2, values: { eval_loss: 3 } })
  }
  expect(readJournal(path).events[2]).toMatchObject({ origin: { file: JOURNAL, line: 4 } })
  expect(readFileSync(path, 'utf8').split('\n')[3]).toContain('eval_loss')
})

test('a journal that is opened again keeps its header', () => {
  write(1)
  using journal = openJournal(folder, { ...HEADER, name: 'other' })
  expect(journal.header.name).toBe('moby')
})

test('reading continues from the offset of the last call, and stays at the end', () => {
  write(1, 2)
  const first = readJournal(path)
  expect(readJournal(path, first.offset)).toEqual({ ...first, events: [] })
  write(3)
  expect(stepsOf(readJournal(path, first.offset).events)).toEqual([3])
})

test('a truncated last line waits until it is complete', () => {
  write(1)
  const { offset } = readJournal(path)
  appendFileSync(path, '{"type":"heartbeat",')
  expect(readJournal(path, offset)).toMatchObject({ events: [], offset })
  appendFileSync(path, '"attempt":0}\n')
  expect(readJournal(path, offset).events).toMatchObject([{ type: 'heartbeat' }])
})

test('an incomplete last line after a crash is removed before the next line is written', () => {
  write(1, 2)
  truncateSync(path, readFileSync(path).length - 5)
  write(3)
  expect(stepsOf(readJournal(path).events)).toEqual([1, 3])
})

test('a complete last event without a newline is kept', () => {
  write(1, 2)
  truncateSync(path, readFileSync(path).length - 1)
  write(3)
  expect(stepsOf(readJournal(path).events)).toEqual([1, 2, 3])
})

test('a truncated header is written again', () => {
  writeFileSync(path, '{"journal":1,"jo')
  expect(readJournal(path)).toEqual({ header: null, events: [], offset: 0 })
  write(1)
  expect(readJournal(path)).toMatchObject({ header: HEADER, events: [{ step: 1 }] })
})

test('an unreadable line is reported with its number, even if reading began in the middle', () => {
  write(1)
  const { offset } = readJournal(path)
  using journal = openJournal(folder, HEADER)
  journal.append({ type: 'heartbeat', attempt: 3 })
  appendFileSync(path, '{"type":"metr\n{"type":"nonsense"}\n')
  journal.append({ type: 'heartbeat', attempt: 3 })
  const events = readJournal(path, offset).events
  expect(events.map((event) => event.type)).toEqual(['heartbeat', 'heartbeat', 'log', 'log'])
  expect(events[2]).toMatchObject({ level: 'warning', attempt: 3 })
  expect(events[2]).toHaveProperty('text', expect.stringContaining('line 4 of journal.jsonl'))
  expect(events[3]).toHaveProperty('text', expect.stringContaining('line 5 of journal.jsonl'))
})

test('a long journal is read in pieces that lose nothing', () => {
  write(...Array.from({ length: 30_000 }, (_, index) => index))
  const steps: unknown[] = []
  let calls = 0
  for (let offset = 0, events: object[] = [{}]; events.length > 0; calls++) {
    ;({ offset, events } = readJournal(path, offset))
    steps.push(...stepsOf(events))
  }
  expect(calls).toBeGreaterThan(2)
  expect(steps).toEqual(Array.from({ length: 30_000 }, (_, index) => index))
})

test('an event longer than a piece is read whole', () => {
  write(1)
  const long = { name: 'x'.repeat(2.5 * PIECE) }
  appendFileSync(path, `${JSON.stringify({ type: 'started', attempt: 0, at: 1, ...long })}\n`)
  write(2)
  const first = readJournal(path)
  const second = readJournal(path, first.offset)
  expect(second.events.map((event) => event.type === 'started' && event.name)).toEqual([long.name])
  expect(stepsOf(readJournal(path, second.offset).events)).toEqual([2])
})

test('a line longer than a piece is reported and does not stop the reading', () => {
  write(1)
  appendFileSync(path, `${'x'.repeat(2.5 * PIECE)}\n`)
  write(2)
  const first = readJournal(path)
  const second = readJournal(path, first.offset)
  const third = readJournal(path, second.offset)
  expect(second.events).toEqual([])
  expect(third.events).toMatchObject([{ step: 2 }, { type: 'log', level: 'warning' }])
  expect(third.events[1]).toHaveProperty('text', expect.stringContaining('line 3'))
  expect(stepsOf(first.events)).toEqual([1])
})

test('a journal of another program has no recipe', () => {
  const { recipe: _recipe, ...others } = HEADER
  for (const header of [others, { ...others, recipe: null }]) {
    writeFileSync(path, `${JSON.stringify(header)}\n`)
    expect(readJournal(path).header).toEqual({ ...others, recipe: null })
  }
})

test('a missing journal has no header yet', () => {
  expect(readJournal(path)).toEqual({ header: null, events: [], offset: 0 })
})

test('a file that is not a journal, or became shorter, is refused', () => {
  writeFileSync(path, 'step,loss\n1,2\n')
  expect(() => readJournal(path)).toThrow('does not begin with a journal header')
  expect(() => openJournal(folder, HEADER)).toThrow('does not begin with a journal header')
  expect(() => readJournal(path, 1000)).toThrow('is shorter than before')
})

test('the last attempt is found; before the first event it is undefined', () => {
  write()
  expect(lastAttempt(path)).toBeUndefined()
  write(1)
  using journal = openJournal(folder, HEADER)
  journal.append({ type: 'heartbeat', attempt: 2 })
  expect(lastAttempt(path)).toBe(2)
})
