import { expect, test } from 'vitest'
import { LONGEST_LINE } from './line.ts'
import { headerIn, JOURNAL_START, readPiece } from './piece.ts'

const HEADER = {
  journal: 1,
  job_id: '4b8a1c9e-3b57-4d0a-9a3e-0d6a4f5b7c11',
  name: 'moby',
  project: 'whales',
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const line = (value: object): string => `${JSON.stringify(value)}\n`
const metrics = (step: number, attempt = 0) =>
  line({ type: 'metrics', attempt, step, values: { loss: step } })

const JOURNAL = line(HEADER) + metrics(1) + metrics(2) + metrics(3, 1)

test('a journal has the same events in one piece and in pieces of every size', () => {
  const all = bytes(JOURNAL)
  const whole = readPiece(JOURNAL_START, all)
  expect(whole.events.map((event) => 'step' in event && event.step)).toEqual([1, 2, 3])
  expect(whole).toMatchObject({ bytes: all.length, state: { line: 4, attempt: 1, is_cut: false } })
  for (let size = 1; size < all.length; size++) {
    let [offset, state, end] = [0, JOURNAL_START, size]
    const events: object[] = []
    while (offset < all.length) {
      const read = readPiece(state, all.subarray(offset, end))
      events.push(...read.events)
      offset += read.bytes
      state = read.state
      end += size
    }
    expect(events).toEqual(whole.events)
    expect(state).toEqual(whole.state)
  }
})

test('a last line without its newline is not read', () => {
  const piece = bytes(`${metrics(1)}{"type":"metrics"`)
  expect(readPiece({ ...JOURNAL_START, line: 1 }, piece)).toMatchObject({
    bytes: metrics(1).length,
    state: { line: 2 },
  })
})

test('the first line, an empty line and the end of an export are no events', () => {
  const { events } = readPiece(
    JOURNAL_START,
    bytes(`not a header\n \n{"end_of_export":3}\n${metrics(1)}`),
  )
  expect(events).toHaveLength(1)
})

test('invalid lines are skipped, and one warning names the first with its line', () => {
  const { events, state } = readPiece(JOURNAL_START, bytes(`${line(HEADER)}{oops\n{oops\n`))
  expect(events).toMatchObject([
    {
      type: 'log',
      code: 'records_skipped',
      text: 'Skipped line 2 of journal.jsonl and 1 more: it is not JSON ({oops).',
    },
  ])
  // The next warning about them comes with ten times as many.
  expect(readPiece(state, bytes('{oops\n')).events).toEqual([])
  expect(readPiece(state, bytes('{oops\n'.repeat(18))).events).toHaveLength(1)
  expect(state.skips).toMatchObject({ 'journal.jsonl\njson': { count: 2, reported: 2 } })
})

test('reading changes no earlier state', () => {
  const before = readPiece(JOURNAL_START, bytes(`${line(HEADER)}{oops\n`)).state
  const copy = structuredClone(before)
  readPiece(before, bytes('{oops\n'))
  expect(before).toEqual(copy)
})

test('a line that is too long is skipped with its rest, and the next line is read', () => {
  const first = readPiece({ ...JOURNAL_START, line: 1 }, new Uint8Array(LONGEST_LINE).fill(97))
  expect(first).toMatchObject({ bytes: LONGEST_LINE, state: { is_cut: true, line: 2 } })
  expect(first.events).toMatchObject([{ text: expect.stringContaining('longer than 16 MB') }])
  const more = readPiece(first.state, bytes('aaa'))
  expect(more).toMatchObject({ events: [], bytes: 3, state: { is_cut: true, line: 2 } })
  const last = readPiece(more.state, bytes(`aaa\n${metrics(7)}`))
  expect(last.events).toMatchObject([{ step: 7 }])
  expect(last.state).toMatchObject({ is_cut: false, line: 3 })
  const shorter = readPiece(
    { ...JOURNAL_START, line: 1 },
    new Uint8Array(LONGEST_LINE - 1).fill(97),
  )
  expect(shorter).toMatchObject({ events: [], bytes: 0, state: { line: 1 } })
})

test('a header is the whole first line', () => {
  expect(headerIn(bytes(JOURNAL))).toEqual({ ...HEADER, recipe: null })
  expect(headerIn(bytes(JSON.stringify(HEADER)))).toBeUndefined()
  expect(headerIn(bytes(metrics(1)))).toBeUndefined()
  expect(headerIn(bytes('{\n'))).toBeUndefined()
})
