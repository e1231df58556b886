import { afterAll, beforeAll, expect, test } from 'vitest'
import { record } from '../record/record.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { ended, evaluation, newJob, recordEvents, started } from '../testRun.ts'
import { evalCurves } from './curves.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

test('the curve in a list is that of the evaluations, also after a resume and a new history', async () => {
  const job_id = await newJob(db)
  const steps = range(1, 300)
  await recordEvents(db, job_id, started(), ...steps.map((step) => evaluation(step, 1 / step)))
  const curve = async () => (await evalCurves(db, [job_id]))[job_id]
  const exact = async () => {
    await db.sql`delete from evaluation_curves where job_id = ${job_id}`
    return curve()
  }
  const stored = await curve()
  expect(stored?.values.length).toBeLessThanOrEqual(60)
  expect([...(stored?.values ?? [])]).toContain(1 / 300)
  expect(await exact()).toEqual(stored)
  await recordEvents(db, job_id, started(1, 100))
  const resumed = await curve()
  expect(resumed?.steps.at(-1)).toBe(100)
  expect(await exact()).toEqual(resumed)
  await recordEvents(db, job_id, evaluation(101, 0.5, 1))
  await recordEvents(db, job_id, ended(1))
  expect((await curve())?.values.at(-1)).toBe(0.5)
  const again = { source: 'again', from: null, to: '1', events: [started()], replace: true }
  await record(db, job_id, again)
  expect(await curve()).toBeUndefined()
})
