import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, metrics, newJob, recordEvents } from '../testRun.ts'
import { readSeries } from './series.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

async function overview(job_id: string) {
  const [series] = await readSeries(db, job_id, { names: ['loss'], points: 20 })
  if (!series) throw new Error('every name has a series')
  const { steps, values, times, count } = series
  return { count, steps: [...steps], values: [...values], times: [...times] }
}

test('an overview of outlines keeps first, last, extremes, the ends of a gap and the steps of checkpoints', async () => {
  const job_id = await newJob(db)
  const total = 4_000
  const value = (step: number) => {
    if (step >= 1_200 && step <= 1_210) return NaN
    return step === 2_001 ? -50 : step === 3_002 ? 50 : Math.sin(step)
  }
  const points = range(1, total).map((step) => metrics(step, { loss: value(step) }))
  await recordEvents(db, job_id, ...points.slice(0, 1_500))
  await recordEvents(db, job_id, ...points.slice(1_500))
  await recordEvents(db, job_id, checkpoint(3_333))
  const outlines = await overview(job_id)
  await db.sql`update series_chunks set outline = null where job_id = ${job_id}`
  const whole = await overview(job_id)
  for (const loss of [outlines, whole]) {
    expect(loss.count).toBe(total)
    expect(loss.steps.length).toBeLessThan(100)
    for (const step of [1, 1_200, 1_210, 2_001, 3_002, 3_333, total]) {
      expect(loss.steps).toContain(step)
      expect(loss.values[loss.steps.indexOf(step)]).toBe(value(step))
      expect(loss.times[loss.steps.indexOf(step)]).toBe(1_000 * step)
    }
    expect(loss.steps).toEqual([...loss.steps].sort((a, b) => a - b))
  }
})
