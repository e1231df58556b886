import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../connection/client.ts'
import { jobRow } from '../jobs/jobs.ts'
import { listJobs } from '../jobs/jobList.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { metrics, newJob, recordEvents } from '../testRun.ts'
import { type BoardNews, watchBoard } from './boardReader.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** The first change of a job that a reader gets; then its connection is lost. */
async function firstOf(since: number | null, job_id: string, board: Database = db) {
  for await (const news of watchBoard(board, since, NEVER)) {
    if (news.delta.job_id === job_id) return news
  }
  throw new Error('The reader ended.')
}

/** The highest revision of a job that is sent before another job's change. */
async function revisionOf(job_id: string, since: number, until: string): Promise<number> {
  let revision = 0
  for await (const { delta } of watchBoard(db, since, NEVER)) {
    if (delta.job_id === job_id) revision = Math.max(revision, delta.revision)
    if (delta.job_id === until) break
  }
  return revision
}

/** A reader that lost its connection continues from its last message and gets the last revision. */
async function expectNoGap({ delta, board_revision }: BoardNews): Promise<void> {
  const { job_id, revision: sent } = delta
  const resumed = await revisionOf(job_id, board_revision, await newJob(db))
  expect(Math.max(sent, resumed)).toBe((await jobRow(db, job_id))?.revision)
}

test('a reader that joins between two polls and loses its connection misses no write', async () => {
  const job_id = await newJob(db)
  const { board_revision } = await listJobs(db)
  const over = new AbortController()
  const other = watchBoard(db, board_revision, over.signal)
  await recordEvents(db, job_id, metrics(1, { loss: 1 }))
  await other.next()
  // The shared feed reads the row, and keeps it until its next poll.
  const next = other.next()
  await recordEvents(db, job_id, metrics(2, { loss: 2 }))
  await next
  await recordEvents(db, job_id, metrics(3, { loss: 3 }))
  await expectNoGap(await firstOf(board_revision, job_id))
  over.abort()
  await other.return()
})

test('a write that is found while an earlier one is sent is sent after a lost connection', async () => {
  const { board_revision } = await listJobs(db)
  const job_id = await newJob(db)
  const over = new AbortController()
  const { board, reached, release } = held(db)
  const first = firstOf(board_revision, job_id, board)
  await reached
  const other = watchBoard(board, (await listJobs(db)).board_revision, over.signal)
  const next = other.next()
  // The first reader's row was read before this. The next poll of the feed finds it for both.
  await recordEvents(db, job_id, metrics(1, { loss: 1 }))
  await next
  await recordEvents(db, job_id, metrics(2, { loss: 2 }))
  await other.next()
  release()
  await expectNoGap(await first)
  over.abort()
  await other.return()
})

/** The same database with a separate feed, but the first read of the job's row is slow. */
function held(db: Database) {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let isFirst = true
  const late = async (rows: unknown): Promise<unknown> => {
    if (!isFirst) return rows
    isFirst = false
    reached.resolve()
    await released.promise
    return rows
  }
  const watched = <T extends object>(target: T, isQuery: boolean): T =>
    new Proxy(target, {
      get(_target, key): unknown {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (...given: unknown[]): unknown => {
          const made: unknown = Reflect.apply(value, target, given)
          if (isQuery && key === 'execute') return Promise.resolve(made).then(late)
          const isBuilder = (isQuery || key === 'select') && key !== 'then'
          return isBuilder && typeof made === 'object' && made ? watched(made, true) : made
        }
      },
    })
  const board = { ...db, sql: new Proxy(db.sql, {}), orm: watched(db.orm, false) }
  return { board, reached: reached.promise, release: released.resolve }
}

const NEVER = new AbortController().signal
