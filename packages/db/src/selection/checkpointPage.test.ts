import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, newJob, recordEvents } from '../testRun.ts'
import { Refused } from '../values/refused.ts'
import { checkpointMarks } from './checkpointMarks.ts'
import { checkpointsOf } from './checkpoints.ts'
import { decided } from './decided.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const LOSSES = [0.9, 0.3, 0.7, 0.1, 0.5]

async function recordedJob(): Promise<string> {
  const job_id = await newJob(db)
  const saved = LOSSES.flatMap((loss, index) => [evaluation(index, loss), checkpoint(index)])
  await recordEvents(db, job_id, ...saved, checkpoint(5), checkpoint(6))
  return job_id
}

/** The rows of all pages. */
async function pagesOf(job_id: string, order: 'step' | 'rank') {
  const pages = []
  let cursor: string | null | undefined
  do {
    const page = await checkpointsOf(db, job_id, { order, limit: 3, cursor })
    if (!page) throw new Error('the job exists')
    pages.push(page)
    cursor = page.next_cursor
  } while (cursor !== null)
  return pages
}

test('the pages by step together are the whole list, each with the same decision', async () => {
  const job_id = await recordedJob()
  const whole = await checkpointsOf(db, job_id)
  const pages = await pagesOf(job_id, 'step')
  expect(pages.map(({ checkpoints }) => checkpoints.length)).toEqual([3, 3, 1])
  expect(pages.flatMap(({ checkpoints }) => checkpoints)).toEqual(whole?.checkpoints)
  for (const { total, marks, explanation, selection } of pages) {
    expect({ total, marks, explanation }).toEqual({
      ...{ total: 7, marks: whole?.marks, explanation: whole?.explanation },
    })
    const { ranking, skipped, ...decision } = selection
    expect(ranking).toEqual(whole?.selection.ranking.slice(0, 3))
    expect(skipped).toEqual(whole?.selection.skipped.slice(0, 3))
    expect(whole?.selection).toMatchObject(decision)
  }
})

test('by rank the best comes first, and those without a rank last, the latest first', async () => {
  const pages = await pagesOf(await recordedJob(), 'rank')
  const rows = pages.flatMap(({ checkpoints }) => checkpoints)
  expect(rows.map(({ step, rank }) => [step, rank])).toEqual([
    [3, 1],
    [1, 2],
    [4, 3],
    [2, 4],
    [0, 5],
    [6, null],
    [5, null],
  ])
})

test('a cursor that names no checkpoint of the job is refused', async () => {
  const page = { order: 'rank', limit: 3, cursor: 'x' } as const
  await expect(checkpointsOf(db, await recordedJob(), page)).rejects.toThrow(Refused)
})

test('a decision is made again only after a write to the job', async () => {
  const job_id = await recordedJob()
  const made = () => db.orm.transaction((tx) => decided(db, tx, job_id))
  const first = await made()
  expect(await made()).toBe(first)
  await recordEvents(db, job_id, evaluation(5, 0.01))
  expect((await made())?.selection.best?.step).toBe(5)
})

test('of very many marks, the best, one per state of each stretch, and all of a window are kept', async () => {
  const job_id = await recordedJob()
  const made = await db.orm.transaction((tx) => decided(db, tx, job_id))
  const [saved] = made?.checkpoints ?? []
  if (!made || !saved) throw new Error('the job has checkpoints')
  const checkpoints = Array.from({ length: 20_000 }, (_, step) => {
    const files_state = step === 7_001 ? 'broken' : 'complete'
    return { ...saved, checkpoint_id: `${step}`, step, path: `${step}`, files_state } as const
  })
  const [best] = made.selection.ranking
  if (!best) throw new Error('one is best')
  const selection = { ...made.selection, ranking: [{ ...best, checkpoint_id: '12345' }] }
  const marks = checkpointMarks({ checkpoints, selection })
  expect(marks.length).toBeLessThan(1_000)
  expect(marks.find(({ is_best }) => is_best)?.step).toBe(12_345)
  expect(marks.find(({ files_state }) => files_state === 'broken')?.step).toBe(7_001)
  expect([marks[0]?.step, marks.length > 400]).toEqual([0, true])
  const window = checkpointMarks({ checkpoints, selection }, { from_step: 100, to_step: 300 })
  expect(window.map(({ step }) => step)).toEqual(Array.from({ length: 201 }, (_, at) => 100 + at))
})
