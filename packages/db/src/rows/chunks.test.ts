import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSeries } from '../series/series.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { metrics, newJob, recordEvents } from '../testRun.ts'
import { CHUNK, SMALL_CHUNK } from './chunks.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a series that an older version began is continued', async () => {
  const job_id = await newJob(db)
  const points = range(1, 900).map((step) => metrics(step, { loss: step / 8 }))
  await recordEvents(db, job_id, ...points.slice(0, 300))
  const plain = (of: (step: number) => number) => {
    return Buffer.from(Float64Array.from(range(1, 300), of).buffer)
  }
  const [steps, values, times] = [
    plain((step) => step),
    plain((step) => step / 8),
    plain(() => NaN),
  ]
  const older = await db.sql`update series_chunks set outline = null, steps = ${steps},
    "values" = ${values}, times = ${times} where job_id = ${job_id} returning 1`
  expect(older).toHaveLength(1)
  await recordEvents(db, job_id, ...points.slice(300))
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 1_000 })
  expect([...(loss?.steps ?? [])]).toEqual(range(1, 900))
  expect([...(loss?.values ?? [])]).toEqual(range(1, 900).map((step) => step / 8))
})

const countsOf = async (job_id: string) => {
  const rows = await db.sql<{ count: number }[]>`
    select count from series_chunks where job_id = ${job_id} order by ordinal`
  return rows.map(({ count }) => count)
}

test('small chunks grow, and so do those of a long series', async () => {
  const [short, slow, long] = [await newJob(db), await newJob(db), await newJob(db)]
  const batch = (from: number, count: number) =>
    range(from, from + count - 1).map((step) => metrics(step, { loss: step }))
  for (let from = 1; from < 4 * SMALL_CHUNK; from += SMALL_CHUNK)
    await recordEvents(db, short, ...batch(from, SMALL_CHUNK))
  expect(await countsOf(short)).toEqual(Array(4).fill(SMALL_CHUNK))
  await recordEvents(db, slow, ...batch(1, 100))
  await recordEvents(db, slow, ...batch(101, 70))
  await recordEvents(db, slow, ...batch(171, 70))
  expect(await countsOf(slow)).toEqual([170, 70])
  await recordEvents(db, long, ...batch(1, 16 * CHUNK + 300))
  await recordEvents(db, long, ...batch(16 * CHUNK + 301, SMALL_CHUNK))
  expect(await countsOf(long)).toEqual([...Array(16).fill(CHUNK), 300 + SMALL_CHUNK])
  const [loss] = await readSeries(db, long, { names: ['loss'], points: 100_000 })
  expect([...(loss?.values ?? [])]).toEqual(range(1, 16 * CHUNK + 300 + SMALL_CHUNK))
})
