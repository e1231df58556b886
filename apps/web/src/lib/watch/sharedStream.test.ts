import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aDelta } from '../testing.ts'
import type { Letter, Link, Reader } from './reader.ts'
import { SharedStream } from './sharedStream.ts'
import type { OpenSource, SourceEvents } from './source.ts'

let connections: { readers: Reader[]; events: SourceEvents; isOpen: boolean }[]
let letters: Record<string, Letter[]>
let hasAccess: boolean
let stream: SharedStream

const open: OpenSource = (readers, events) => {
  const connection = { readers: readers.map((one) => ({ ...one })), events, isOpen: true }
  connections.push(connection)
  return () => (connection.isOpen = false)
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  connections = []
  letters = {}
  hasAccess = true
  stream = new SharedStream({
    open,
    send: (key, letter) => (letters[key] = [...(letters[key] ?? []), letter]),
    isAccessLost: async () => !hasAccess,
  })
})
afterEach(() => {
  stream.close()
  vi.useRealTimers()
})

const reader = (key: string): Reader => ({ key, watch: { jobs: 'all' }, after: null })
const current = () => connections.at(-1)!
const isOpen = () => connections.map((one) => one.isOpen)

function linkOf(key: string): Link | undefined {
  const last = letters[key]?.findLast((letter) => letter.kind === 'link')
  return last?.kind === 'link' ? last.link : undefined
}

/** Follows for these readers until the connection is live. */
async function live(...keys: string[]): Promise<void> {
  for (const key of keys) stream.follow(reader(key))
  await vi.advanceTimersByTimeAsync(100)
  current().events.onstarted()
}

test('readers that come together share one opening', async () => {
  await live('a', 'b')
  expect(connections).toHaveLength(1)
  expect([linkOf('a')?.connection, linkOf('b')?.connection]).toEqual(['live', 'live'])
  stream.follow(reader('c'))
  await vi.advanceTimersByTimeAsync(100)
  expect([isOpen(), current().readers.length]).toEqual([[false, true], 3])
})

test('after the machine slept the stream is opened at once, after the last messages', async () => {
  await live('a', 'b')
  current().events.onnews('a', '7~', aDelta(7))
  vi.setSystemTime(Date.now() + 3_600_000)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(isOpen()).toEqual([false, true])
  expect(current().readers.map(({ after }) => after)).toEqual(['7~', null])
})

test('a machine that is only busy keeps its stream', async () => {
  await live('a')
  for (let minute = 0; minute < 3; minute += 1) await vi.advanceTimersByTimeAsync(60_000)
  expect(connections).toHaveLength(1)
})

test('a lost stream says when the board last sent something, and when the next try is', async () => {
  await live('a')
  await vi.advanceTimersByTimeAsync(5_000)
  current().events.onreceived()
  const received_at = Date.now()
  await vi.advanceTimersByTimeAsync(12_000)
  current().events.onlost()
  const link = linkOf('a')!
  expect(link).toMatchObject({ connection: 'away', received_at })
  const pause = link.retry_at! - Date.now()
  expect(pause).toBeGreaterThanOrEqual(500)
  await vi.advanceTimersByTimeAsync(pause - 1)
  expect(connections).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(isOpen()).toEqual([false, true])
})

test('a reader that comes while the board is away gets that state, and changes no pause', async () => {
  await live('a')
  current().events.onlost()
  stream.follow(reader('late'))
  await vi.advanceTimersByTimeAsync(100)
  expect([linkOf('late')?.connection, connections.length]).toEqual(['away', 1])
  await vi.advanceTimersByTimeAsync(1_000)
  current().events.onstarted()
  expect([linkOf('a')?.connection, linkOf('late')?.connection]).toEqual(['live', 'live'])
})

test('a network that is back causes a try at once', async () => {
  await live('a')
  current().events.onlost()
  stream.tryNow()
  expect(isOpen()).toEqual([false, true])
  current().events.onstarted()
  stream.tryNow()
  expect(connections).toHaveLength(2)
})

test('without access there is no further try', async () => {
  await live('a')
  hasAccess = false
  current().events.onlost()
  await vi.advanceTimersByTimeAsync(120_000)
  expect([linkOf('a')?.connection, linkOf('a')?.retry_at, connections.length]).toEqual([
    'ended',
    null,
    1,
  ])
})

test('without readers the connection is closed', async () => {
  await live('a', 'b')
  stream.leave('a')
  stream.leave('b')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(isOpen()).toEqual([false])
})
