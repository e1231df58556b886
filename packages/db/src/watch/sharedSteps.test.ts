import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { listJobs } from '../jobs/jobList.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { metrics, newJob, started, recordEvents } from '../testRun.ts'
import { type Delta, watch } from './watch.ts'
import { watchBoard } from './boardReader.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterEach(() => void vi.useRealTimers())
afterAll(() => db[Symbol.asyncDispose]())

const over = new AbortController()
afterAll(() => over.abort())

/** The first delta of a job, for a reader that stays. */
async function firstOf(job_id: string, deltas: AsyncGenerator<Delta, void>): Promise<Delta> {
  for (;;) {
    const { value } = await deltas.next()
    if (!value) throw new Error('The reader ended.')
    if (value.job_id === job_id) return value
  }
}

async function* deltasOfBoard(since: number): AsyncGenerator<Delta, void> {
  for await (const { delta } of watchBoard(db, since, over.signal)) yield delta
}

test('a reader that joins while a job is silent gets the current time left', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 2_000 })
  const { board_revision } = await listJobs(db)
  const job_id = await newJob(db, { status: 'running' })
  await recordEvents(db, job_id, started(), metrics(1, { loss: 1 }))
  const ways = [
    () => watch(db, { jobs: [{ job_id, revision: 0 }] }, over.signal),
    () => deltasOfBoard(board_revision),
  ]
  const join = () => Promise.all(ways.map(async (reader) => firstOf(job_id, reader())))
  const before = await join()
  for (const { status } of before) expect(status.eta_seconds).toBeGreaterThan(0)
  vi.setSystemTime(Date.now() + 3_600_000)
  // Longer than a step is stored.
  await sleep(1_100)
  for (const { status, revision } of await join()) {
    expect([revision, status.eta_seconds]).toEqual([before[0]?.revision, null])
  }
})
