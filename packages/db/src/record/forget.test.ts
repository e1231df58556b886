import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCheckpoints } from '../selection/checkpoints.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, newJob } from '../testRun.ts'
import { record } from './record.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A checkpoint whose files have this signature. */
const saved = (step: number, path: string, signature: string) =>
  event({ type: 'checkpoint', step, path, files_state: 'complete', signature })

async function rowsOf(job_id: string): Promise<string[]> {
  const rows = await listCheckpoints(db, job_id)
  return rows.map(({ step, path, files_state, files_why }) => {
    return `${step} ${path} ${files_why ?? files_state}`
  })
}

test('a history that is recorded again keeps the rows of checkpoints that are gone or overwritten', async () => {
  const job_id = await newJob(db)
  const first = [
    saved(1, 'best.pt', 'a'),
    saved(2, 'best.pt', 'b'),
    saved(2, 'gone.pt', 'c'),
    saved(2, 'optimizer.pt', 'd'),
    saved(2, 'last.pt', 'e'),
    saved(2, 'stays.pt', 'f'),
  ]
  await record(db, job_id, { source: 'files', from: null, to: '1', events: first })
  const again = [saved(3, 'best.pt', 'z'), saved(3, 'last.pt', 'e'), saved(2, 'stays.pt', 'f')]
  const batch = { source: 'files', from: '1', to: '2', events: again, replace: true }
  await record(db, job_id, { ...batch, keeps_checkpoints: { except: ['optimizer.pt'] } })
  // The same files at another step are the same checkpoint.
  const expected = [
    '1 best.pt overwritten at step 2',
    '2 best.pt overwritten at step 3',
    '2 gone.pt nothing is at its path',
    '2 stays.pt complete',
    '3 best.pt complete',
    '3 last.pt complete',
  ]
  expect((await rowsOf(job_id)).toSorted()).toEqual(expected)
  await record(db, job_id, { ...batch, from: '2', to: '3', keeps_checkpoints: { except: [] } })
  expect((await rowsOf(job_id)).toSorted()).toEqual(expected)
})
