import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seriesChunks } from '../schema.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { newJob } from '../testRun.ts'
import { unnested } from './unnested.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const NAMES = ['loss', 'a "quoted" name', 'back\\slash', '{brace, comma}', 'NULL', 'ü', '', '\t\n']

test('rows are inserted as they are: texts, bytes, missing and non-finite numbers', async () => {
  const job_id = await newJob(db)
  const rows = NAMES.map((name, index) => {
    const column = Float64Array.from({ length: index + 1 }, (_, at) => at / 3)
    const [first, last] = [index, index === 1 ? NaN : index === 2 ? -Infinity : index + 0.1]
    return {
      ...{ job_id, attempt: 0, name, ordinal: 2 ** 40 + index, count: index + 1 },
      ...{ steps: column, values: Float64Array.of(NaN, Infinity, -0), times: column },
      ...{ min_step: first, max_step: last, non_finite: 0, revision: 7 },
      ...{ first_step: first, first_value: last, first_time: -1e300 },
      ...{ last_step: first, last_value: last, last_time: 5e-324 },
      ...{ min_value: null, min_value_step: null, min_value_time: null },
      ...{ max_value: last, max_value_step: first, max_value_time: 0.1 },
      outline: index === 0 ? null : Float64Array.from({ length: 3 * index }, (_, at) => at / 3),
    }
  })
  await db.orm.insert(seriesChunks).select(unnested(seriesChunks, rows))
  const stored = await db.orm
    .select()
    .from(seriesChunks)
    .where(eq(seriesChunks.job_id, job_id))
    .orderBy(seriesChunks.ordinal)
  expect(stored).toEqual(rows)
})
