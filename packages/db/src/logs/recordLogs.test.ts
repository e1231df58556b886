import { TRACEBACK, type EventOf, type TrainingEvent } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../rows/job.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, newJob, recordEvents } from '../testRun.ts'
import { randomOf } from '../watch/randomReader.ts'
import type { LogLine, LogQuery } from './logLine.ts'
import { jobLogPage, jobLogs, lastTraceback } from './logPage.ts'
import { CHUNK_LINES } from './packedLines.ts'
import { recordLogs } from './recordLogs.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const LEVELS = ['info', 'info', 'info', 'warning', 'error', 'sample']

const line = (ordinal: number, text = `line ${ordinal}`): TrainingEvent =>
  event({
    ...{ type: 'log', text, attempt: ordinal % 3, step: ordinal % 5 || null, at: ordinal / 2 },
    level: LEVELS[(ordinal * 7) % 11] ?? 'info',
    ...(ordinal % 13 === 0 && { code: 'step_likely' }),
  })

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

/** Every page of a query, joined. */
async function allPages(job_id: string, query: LogQuery): Promise<LogLine[]> {
  const lines: LogLine[] = []
  let [before, after] = [query.before, query.after]
  for (;;) {
    const page = await jobLogPage(db, job_id, { ...query, before, after })
    if (query.order === 'oldest') lines.push(...page.lines)
    else lines.unshift(...page.lines)
    if (page.older === null && page.newer === null) return lines
    before = page.older ?? before
    after = page.newer ?? after
  }
}

test('every query reads the same from packed and from new lines, from either end', async () => {
  const total = 3 * CHUNK_LINES + 500
  const job_id = await newJob(db)
  const random = randomOf(7)
  for (let from = 0; from < total;) {
    const count = Math.min(total - from, Math.ceil(random() ** 4 * 1_500))
    await recordEvents(db, job_id, ...numbers(count).map((at) => line(from + at)))
    from += count
  }
  const packed = await db.sql`select 1 from log_chunks where job_id = ${job_id}`
  const open = await db.sql`select 1 from logs where job_id = ${job_id}`
  expect(packed.length).toBeGreaterThan(1)
  expect(open.length).toBeLessThan(CHUNK_LINES)
  const all = numbers(total).map((ordinal) => {
    const { attempt, step, at, level, text, code = null } = line(ordinal) as EventOf<'log'>
    return { ordinal, attempt, step, at, level, text, code }
  })
  const queries: LogQuery[] = [
    { limit: 700 },
    { limit: 900, before: 1_500, after: 200 },
    { limit: 30, level: 'error' },
    { limit: 300, level: 'info', after: 2_000 },
    { limit: 50, search: 'LINE 1', before: 3_000 },
    { limit: 50, search: '77', level: 'warning' },
    { search: 'nothing has this' },
  ]
  for (const { limit, ...query } of queries) {
    const { before = Infinity, after = -1, level, search = '' } = query
    const expected = all.filter(({ ordinal, text, ...one }) => {
      const isInside = ordinal < before && ordinal > after && (!level || one.level === level)
      return isInside && text.includes(search.toLowerCase())
    })
    expect(await allPages(job_id, { ...query, limit })).toEqual(expected)
    expect(await allPages(job_id, { ...query, limit, order: 'oldest' })).toEqual(expected)
  }
})

test('a reader sees each line once and in order while lines are packed', async () => {
  const job_id = await newJob(db)
  const total = 2 * CHUNK_LINES
  let isWritten = false
  const write = async (): Promise<void> => {
    for (let from = 0; from < total; from += 128) {
      await recordEvents(db, job_id, ...numbers(128).map((at) => line(from + at)))
    }
    isWritten = true
  }
  const read = async (order: 'newest' | 'oldest'): Promise<void> => {
    while (!isWritten) {
      const { lines, end } = await jobLogPage(db, job_id, { order, limit: total })
      const first = lines[0]?.ordinal ?? 0
      expect(lines.map(({ ordinal }) => ordinal - first)).toEqual(numbers(lines.length))
      expect(first).toBe(0)
      expect(lines.length).toBeGreaterThanOrEqual(end)
    }
  }
  await Promise.all([write(), read('newest'), read('oldest')])
  expect(await jobLogs(db, job_id, { limit: Infinity })).toHaveLength(total)
})

test('beyond the limit the oldest lines are dropped, and the page says where the stored ones begin', async () => {
  const job_id = await newJob(db)
  const limit = 2_000_000
  for (let from = 0; from < 5; from++) {
    const lines = numbers(100).map((at) => line(100 * from + at, 'x'.repeat(10_000)))
    const events = lines.filter((one): one is EventOf<'log'> => one.type === 'log')
    await transaction(db, (tx) => recordLogs(tx, { job_id, revision: 1 }, events, limit))
  }
  const { first, end } = await jobLogPage(db, job_id)
  expect(end).toBe(500)
  // Whole chunks are dropped, so up to one chunk more stays.
  expect(end - first).toBeGreaterThanOrEqual(limit / 10_000)
  expect(end - first).toBeLessThan(limit / 10_000 + 60)
  const [oldest] = await allPages(job_id, {})
  expect(oldest?.ordinal).toBe(first)
})

test('the last traceback is found among packed and new lines; without one, the last error', async () => {
  const job_id = await newJob(db)
  expect(await lastTraceback(db, job_id)).toBeNull()
  const quiet = (count: number): TrainingEvent[] =>
    numbers(count).map(() => event({ type: 'log', at: null, level: 'info', text: 'ok' }))
  const error = event({ type: 'log', at: null, level: 'error', text: 'E1126 no file' })
  const traceback = event({ type: 'log', at: null, level: 'info', text: `[rank0]: ${TRACEBACK}:` })
  await recordEvents(db, job_id, ...quiet(10), error, ...quiet(CHUNK_LINES))
  expect(await lastTraceback(db, job_id)).toBe(10)
  await recordEvents(db, job_id, traceback, error)
  expect(await lastTraceback(db, job_id)).toBe(CHUNK_LINES + 11)
  await recordEvents(db, job_id, ...quiet(2 * CHUNK_LINES))
  expect(await lastTraceback(db, job_id)).toBe(CHUNK_LINES + 11)
})

test('lines with gaps between them, as earlier versions left them, are packed with their ordinals', async () => {
  const job_id = await newJob(db)
  const ordinals = numbers(2 * CHUNK_LINES).filter((at) => at % 700 !== 0)
  await db.sql`insert into logs (job_id, ordinal, attempt, level, text, revision)
    select ${job_id}, ordinal, 0, 'info', 'line ' || ordinal, 1
    from unnest(${ordinals}::bigint[]) as ordinal`
  await recordEvents(db, job_id, line(2 * CHUNK_LINES))
  const lines = await allPages(job_id, {})
  expect(lines.map(({ ordinal }) => ordinal)).toEqual([...ordinals, 2 * CHUNK_LINES])
  expect(lines.every(({ ordinal, text }) => text === `line ${ordinal}`)).toBe(true)
})
