import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { databaseAt } from '../connection/client.ts'
import { parseAddress } from '../connection/address.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { newJob } from '../testRun.ts'
import { announceFollowed, audienceOf } from './audience.ts'
import { watch } from './watch.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** The audience once it listens: until then all jobs count as followed. */
async function listening() {
  const audience = audienceOf(db)
  await vi.waitFor(() => expect(audience.isFollowed(randomUUID())).toBe(false))
  return audience
}

test('a job counts as followed while a reader follows it', async () => {
  const [audience, job_id, other] = [await listening(), await newJob(db), await newJob(db)]
  expect(audience.isFollowed(job_id)).toBe(false)
  const over = new AbortController()
  const readers = watch(db, { jobs: [{ job_id, revision: 0 }] }, over.signal)
  await readers.next()
  await vi.waitFor(() => expect(audience.isFollowed(job_id)).toBe(true))
  expect(audience.isFollowed(other)).toBe(false)
  over.abort()
  await readers.next()
})

test('a job is no longer followed some time after its last reader left', async () => {
  const [audience, job_id] = [await listening(), randomUUID()]
  await announceFollowed(db, [job_id])
  await vi.waitFor(() => expect(audience.isFollowed(job_id)).toBe(true))
  const now = performance.now()
  using clock = vi.spyOn(performance, 'now').mockReturnValue(now + 60_000)
  expect(audience.isFollowed(job_id)).toBe(false)
  expect(clock).toHaveBeenCalled()
})

test('a writer that waits is told at once that somebody follows its job', async () => {
  const [audience, job_id] = [await listening(), randomUUID()]
  const arrived = Promise.withResolvers<void>()
  let told = 0
  using _waiting = audience.onArrival(job_id, () => arrived.resolve())
  const gone = audience.onArrival(job_id, () => told++)
  gone[Symbol.dispose]()
  await announceFollowed(db, [randomUUID(), job_id])
  await arrived.promise
  expect(told).toBe(0)
})

test('any number of jobs can be followed', async () => {
  const audience = await listening()
  const job_ids = Array.from({ length: 500 }, () => randomUUID())
  await announceFollowed(db, job_ids)
  await vi.waitFor(() => expect(job_ids.every((job_id) => audience.isFollowed(job_id))).toBe(true))
})

test('while it is unknown who reads, every job counts as followed', () => {
  const nowhere = databaseAt(parseAddress('postgres://nobody@127.0.0.1:1/none'))
  expect(audienceOf(nowhere).isFollowed(randomUUID())).toBe(true)
})
