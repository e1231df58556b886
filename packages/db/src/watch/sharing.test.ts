import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../connection/client.ts'
import { listJobs } from '../jobs/jobList.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { metrics, newJob, started, recordEvents } from '../testRun.ts'
import { watch } from './watch.ts'
import { type BoardNews, watchBoard } from './boardReader.ts'

let db: TestDatabase
/** The same database, whose queries by readers are counted. */
let counting: Database
let queries = 0
beforeAll(async () => {
  db = await testDatabase()
  const orm = new Proxy(db.orm, {
    get(target, key, self): unknown {
      if (key === 'select' || key === 'execute') queries++
      return Reflect.get(target, key, self)
    },
  })
  counting = { ...db, orm }
})
afterAll(() => db[Symbol.asyncDispose]())

/** What each of many readers gets next. */
async function nextOf<T>(readers: readonly AsyncGenerator<T, void>[]): Promise<T[]> {
  const updates = await Promise.all(readers.map((reader) => reader.next()))
  return updates.flatMap(({ value }) => value ?? [])
}

/** Ends the readers of a test, also if it fails: they would query in the next test. */
function ending(): AbortController {
  const over = new AbortController()
  onTestFinished(() => over.abort())
  return over
}

/**
 * What each of many readers gets of a job. While other work of the server is not committed, a
 * reader gets earlier jobs again first.
 */
async function newsOf(
  job_id: string,
  readers: readonly AsyncGenerator<BoardNews, void>[],
): Promise<BoardNews[]> {
  const news = await Promise.all(
    readers.map(async (reader) => {
      for (;;) {
        const { value } = await reader.next()
        if (!value || value.delta.job_id === job_id) return value ?? []
      }
    }),
  )
  return news.flat()
}

test('readers at the same position in a job share one delta, which is read once', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, started(), metrics(1, { loss: 1 }))
  const over = ending()
  const series = { job_id, names: ['loss'], ordinals: {} }
  const readers = Array.from({ length: 50 }, () =>
    watch(counting, { jobs: [{ job_id, revision: 0 }], series }, over.signal),
  )
  expect(new Set(await nextOf(readers)).size).toBe(1)
  const before = queries
  const next = nextOf(readers)
  await recordEvents(db, job_id, metrics(2, { loss: 0.5 }))
  const updates = await next
  expect(updates).toHaveLength(50)
  expect(new Set(updates).size).toBe(1)
  expect(updates[0]?.series[0]?.values).toEqual(Float64Array.of(0.5))
  // The row, the chunks, the attempts, and at most one poll: nothing is read 50 times.
  expect(queries - before).toBeLessThan(10)
  over.abort()
  await nextOf(readers)
})

test('a reader that joins late gets what the others have, and shares later deltas', async () => {
  const job_id = await newJob(db)
  const over = ending()
  const reader = () => {
    const series = { job_id, names: ['loss'], ordinals: {} }
    return watch(counting, { jobs: [{ job_id, revision: 0 }], series }, over.signal)
  }
  const early = reader()
  await nextOf([early])
  for (let step = 1; step <= 3; step++) {
    const next = nextOf([early])
    await recordEvents(db, job_id, metrics(step, { loss: step }))
    await next
  }
  const late = reader()
  const [caughtUp] = await nextOf([late])
  expect(caughtUp?.series[0]?.values).toEqual(Float64Array.of(1, 2, 3))
  const next = nextOf([early, late])
  await recordEvents(db, job_id, metrics(4, { loss: 4 }))
  const [first, second] = await next
  expect(first?.series[0]?.values).toEqual(Float64Array.of(4))
  expect(second).toBe(first)
  over.abort()
  await nextOf([early, late])
})

test('readers with different points of a series each get their missing points', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    started(),
    ...[1, 2, 3].map((step) => metrics(step, { loss: step })),
  )
  const over = ending()
  const readers = [0, 2, 1].map((loss) => {
    const series = { job_id, names: ['loss'], ordinals: { loss } }
    return watch(counting, { jobs: [{ job_id, revision: 0 }], series }, over.signal)
  })
  const updates = await nextOf(readers)
  expect(updates.map(({ series }) => [...(series[0]?.values ?? [])])).toEqual([
    [1, 2, 3],
    [3],
    [2, 3],
  ])
  over.abort()
  await nextOf(readers)
})

test('readers that follow every job share one delta per change', async () => {
  const { board_revision } = await listJobs(db)
  const over = ending()
  const readers = Array.from({ length: 50 }, () =>
    watchBoard(counting, board_revision, over.signal),
  )
  await newsOf(await newJob(db), readers)
  const before = queries
  const updates = await newsOf(await newJob(db), readers)
  expect(updates).toHaveLength(50)
  expect(new Set(updates.map(({ delta }) => delta)).size).toBe(1)
  expect(queries - before).toBeLessThan(10)
  over.abort()
  await nextOf(readers)
})

test('after 300 readers have left, no timer, listener or query remains', async () => {
  const job_id = await newJob(db)
  const leave = new AbortController()
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
  const before = timers()
  for (let round = 0; round < 10; round++) {
    const readers = Array.from({ length: 15 }, () => [
      watch(counting, { jobs: [{ job_id, revision: 0 }] }, leave.signal),
      watchBoard(counting, 0, leave.signal),
    ])
    // Some leave before their first delta, some while they wait, some after a delta.
    const begun = readers.flat().map((reader, index) => [index, reader, reader.next()] as const)
    for (const [index, reader, next] of begun) {
      if (index % 3 === 0) void next.catch(() => undefined)
      else await next
      await reader.return()
    }
  }
  expect(getEventListeners(leave.signal, 'abort')).toEqual([])
  await sleep(100)
  const queriesBefore = queries
  await recordEvents(db, job_id, metrics(1, { loss: 1 }))
  await sleep(2_500)
  expect(queries).toBe(queriesBefore)
  expect(timers()).toBeLessThanOrEqual(before)
})
