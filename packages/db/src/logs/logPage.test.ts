import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobLogPage } from './logPage.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { event, newJob, recordEvents } from '../testRun.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const line = (text: string, level = 'info') => event({ type: 'log', at: null, level, text })

async function jobOf(...lines: ReturnType<typeof line>[]): Promise<string> {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, ...lines)
  return job_id
}

test('the pages of a log, from the newest, have each line once and in order', async () => {
  const texts = Array.from({ length: 25 }, (_, at) => `line ${at}`)
  const job_id = await jobOf(...texts.map((text) => line(text)))
  const read: string[] = []
  let before: number | undefined
  for (const count of [10, 10, 5]) {
    const page = await jobLogPage(db, job_id, { limit: 10, before })
    expect(page.lines).toHaveLength(count)
    read.unshift(...page.lines.map(({ text }) => text))
    before = page.older ?? undefined
  }
  expect(read).toEqual(texts)
  expect(before).toBeUndefined()
})

test('a page with long lines has fewer of them, and the next page continues before it', async () => {
  const job_id = await jobOf(...Array.from({ length: 150 }, () => line('x'.repeat(10_000))))
  const { lines, older } = await jobLogPage(db, job_id)
  expect(lines).toHaveLength(100)
  expect(older).toBe(50)
  const rest = await jobLogPage(db, job_id, { before: 50 })
  expect(rest).toMatchObject({ lines: { length: 50 }, older: null })
})

test('a search takes each character literally, in any letter case, and also by level', async () => {
  const job_id = await jobOf(
    line('100% done_'),
    line('100 done'),
    line('Loss\\x', 'warning'),
    line('loss\\x'),
  )
  const found = async (search: string, level?: 'warning') => {
    const { lines } = await jobLogPage(db, job_id, { search, level })
    return lines.map(({ text }) => text)
  }
  expect(await found('0%')).toEqual(['100% done_'])
  expect(await found('done_')).toEqual(['100% done_'])
  expect(await found('LOSS\\')).toEqual(['Loss\\x', 'loss\\x'])
  expect(await found('loss', 'warning')).toEqual(['Loss\\x'])
})

test('the lines after a line can be read', async () => {
  const job_id = await jobOf(line('a'), line('b'), line('c'))
  const { lines } = await jobLogPage(db, job_id, { after: 0 })
  expect(lines.map(({ text }) => text)).toEqual(['b', 'c'])
})

test('a search of a reader that has left ends with an error', async () => {
  const job_id = await jobOf(line('a'), line('b'))
  const search = jobLogPage(db, job_id, { search: 'a' }, AbortSignal.abort())
  await expect(search).rejects.toThrow('aborted')
})
