import { get, type IncomingMessage } from 'node:http'
import { quantile } from './figures.ts'

/** What a process of readers reads from. */
export interface Stream {
  url: string
  token: string
  readers: number
  /** Further readers that never read what they receive. */
  silent: number
}

/** A write: its revision, and when it began (ms, on the clock that all processes share). */
export type Write = [revision: number, at: number]

/** What the readers received of some writes. */
export interface Seen {
  p50: number
  p99: number
  /** The share of writes that reached every reader. */
  share: number
  /** Messages per reader and second, and their mean size in bytes. */
  rate: number
  bytes: number
  messages: number
}

/** Milliseconds of a monotonic clock that all processes of this machine share. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

type Question = { open: Stream } | { look: Write[] }

if (process.send) {
  const readers: Reader[] = []
  process.on('message', (question: Question) => {
    if ('open' in question) void open(readers, question.open).then(() => process.send?.('open'))
    else process.send?.(seen(readers, question.look))
  })
}

interface Reader {
  /** The received revisions, ascending, and when each came. */
  revisions: number[]
  times: number[]
  bytes: number
}

async function open(readers: Reader[], { url, token, ...count }: Stream): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  for (let index = 0; index < count.silent; index++) {
    get(url, { headers, agent: false }, (response) => response.pause())
  }
  const opening = Array.from({ length: count.readers }, async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers, agent: false }, resolve).on('error', reject)
    })
    readers.push(await readerOf(response))
  })
  await Promise.all(opening)
}

/** Follows a stream; resolves with its first message. */
function readerOf(response: IncomingMessage): Promise<Reader> {
  const reader: Reader = { revisions: [], times: [], bytes: 0 }
  const { promise, resolve, reject } = Promise.withResolvers<Reader>()
  const ids = /(?:^|\n)id: (\d+)/g
  response.setEncoding('latin1').on('data', (piece: string) => {
    reader.bytes += piece.length
    for (const [, revision] of piece.matchAll(ids)) {
      reader.revisions.push(Number(revision))
      reader.times.push(sharedClock())
      resolve(reader)
    }
  })
  response.on('error', reject)
  return promise
}

function seen(readers: readonly Reader[], writes: readonly Write[]): Seen {
  const [first, last] = [writes[0]?.[1] ?? 0, writes.at(-1)?.[1] ?? 0]
  const delays = readers.flatMap((reader) => delaysOf(reader, writes))
  const came = delays.filter(Number.isFinite)
  const messages = readers.reduce((sum, { times }) => {
    return sum + times.filter((at) => at >= first && at <= last).length
  }, 0)
  const all = readers.reduce((sum, { times }) => sum + times.length, 0)
  const bytes = readers.reduce((sum, reader) => sum + reader.bytes, 0)
  return {
    p50: quantile(came, 0.5),
    p99: quantile(came, 0.99),
    share: came.length / delays.length,
    rate: messages / readers.length / ((last - first) / 1_000),
    bytes: bytes / all,
    messages,
  }
}

/** How long each write took to reach a reader, alone or together with later writes. */
function delaysOf({ revisions, times }: Reader, writes: readonly Write[]): number[] {
  let next = 0
  return writes.map(([revision, at]) => {
    while (next < revisions.length && (revisions[next] ?? 0) < revision) next++
    return (times[next] ?? Infinity) - at
  })
}
