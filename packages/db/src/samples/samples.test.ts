import { afterAll, beforeAll, expect, test } from 'vitest'
import { purgeDeletedJobs } from '../jobs/deletedJobs.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { record, recordFacts } from '../record/record.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, evaluation, event, newJob, recordEvents, started } from '../testRun.ts'
import { LONGEST_TEXT } from './limits.ts'
import { inferSampleSteps, samplesByPath, storeSampleFiles, unreadSamples } from './sampleFiles.ts'
import { listSamples, sampleContent, samplePair } from './sampleList.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const PNG = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('pixels'),
  Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]),
])

const image = (step: number, prompt_index = 0, more: object = {}) =>
  event({
    type: 'sample',
    step,
    prompt_index,
    kind: 'image',
    path: pathOf(step, prompt_index),
    ...more,
  })
const pathOf = (step: number, prompt_index = 0) => `samples/${step}-${prompt_index}.png`
const text = (step: number, words: string) =>
  event({ type: 'sample', step, kind: 'text', text: words })
const stepsOf = (rows: readonly { step: number | null }[]) => rows.map(({ step }) => step)

/** Stores a file for each unread sample; all of them may take `most` bytes. */
async function storeAll(job_id: string, most?: number) {
  const unread = await unreadSamples(db, job_id, 1_000)
  const stored = { content: PNG, kind: 'image', media_type: 'image/png' } as const
  for (const { sample_id } of unread) {
    await storeSampleFiles(db, job_id, [{ sample_id, ...stored }], most)
  }
  return unread
}

test('samples are listed by step, attempt and prompt, page by page, each once', async () => {
  const job_id = await newJob(db)
  const recorded = [image(200, 1), image(100), text(50, 'a text'), image(200), image(100, 1)]
  await recordEvents(db, job_id, ...recorded, image(100, 0, { attempt: 1, path: 'other.png' }))
  const seen: (string | null)[] = []
  let cursor: string | undefined
  do {
    const page = await listSamples(db, job_id, { cursor, limit: 2 })
    seen.push(...page.samples.map(({ path, text: words }) => path ?? words))
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  const paths = [pathOf(100), pathOf(100, 1), 'other.png', pathOf(200), pathOf(200, 1)]
  expect(seen).toEqual(['a text', ...paths])
  const some = await listSamples(db, job_id, { from_step: 60, to_step: 100 })
  expect(stepsOf(some.samples)).toEqual([100, 100, 100])
  await expect(listSamples(db, job_id, { cursor: 'x' })).rejects.toThrow('no longer valid')
})

test('a page of long texts is cut, and the next one continues', async () => {
  const job_id = await newJob(db)
  const long = 'x'.repeat(LONGEST_TEXT + 5)
  await recordEvents(db, job_id, ...Array.from({ length: 200 }, (_, step) => text(step, long)))
  const first = await listSamples(db, job_id, { limit: 200 })
  expect(first.samples.length).toBeLessThan(200)
  expect(first.samples[0]?.text).toBe(`${'x'.repeat(LONGEST_TEXT)}… (5 more characters)`)
  const rest = await listSamples(db, job_id, { limit: 200, cursor: first.next_cursor ?? '' })
  expect([...stepsOf(first.samples), ...stepsOf(rest.samples)]).toEqual([...Array(200).keys()])
})

test('a log line with level sample is a text sample, as older programs write it', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, event({ type: 'log', step: 7, level: 'sample', text: 'Ishmael' }))
  await recordEvents(db, job_id, event({ type: 'log', level: 'sample', text: 'without a step' }))
  const { samples } = await listSamples(db, job_id)
  expect(samples).toMatchObject([{ step: 7, kind: 'text', text: 'Ishmael' }])
})

test('a file is stored once, and a repeated record of its name keeps it', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, image(100))
  const [unread] = await storeAll(job_id)
  await recordEvents(db, job_id, image(100))
  expect(await unreadSamples(db, job_id, 10)).toEqual([])
  const expected = { prompt_index: 0, step_from: 'log' }
  expect(await samplesByPath(db, job_id)).toEqual(new Map([[pathOf(100), expected]]))
  const { samples } = await listSamples(db, job_id)
  expect(samples).toMatchObject([{ content_state: 'stored', bytes: PNG.length }])
  const stored = await sampleContent(db, job_id, unread?.sample_id ?? '')
  expect(stored).toEqual({ content: new Uint8Array(PNG), media_type: 'image/png' })
})

test('a file that cannot be shown says why', async () => {
  const job_id = await newJob(db)
  await recordEvents(db, job_id, image(1), event({ type: 'sample', step: 2, kind: 'image' }))
  const [{ sample_id } = { sample_id: '' }] = await unreadSamples(db, job_id, 10)
  await storeSampleFiles(db, job_id, [{ sample_id, content_state: 'not_media', bytes: 9 }])
  const { samples } = await listSamples(db, job_id)
  expect(samples.map(({ content_state }) => content_state)).toEqual(['not_media', 'missing'])
  expect(await sampleContent(db, job_id, sample_id)).toBeUndefined()
})

test('if files take too much space, those of the lowest steps are removed, but not those of the best', async () => {
  const job_id = await newJob(db)
  await recordEvents(
    db,
    job_id,
    ...[evaluation(1, 1), checkpoint(1), evaluation(2, 2)],
    ...[1, 2, 3, 4, 5].map((step) => image(step)),
  )
  await storeAll(job_id, 3 * PNG.length)
  const { samples } = await listSamples(db, job_id, { limit: 1_000 })
  const dropped = samples.filter(({ content_state }) => content_state === 'dropped')
  expect(stepsOf(dropped)).toEqual([2, 3])
  const [{ sum } = { sum: 0 }] = await db.sql<{ sum: string }[]>`
    select sum(length(content)) as sum from sample_contents where job_id = ${job_id}`
  expect(Number(sum)).toBe(3 * PNG.length)
})

test('a sample that only has an epoch gets the step of its checkpoint, and says so', async () => {
  const job_id = await newJob(db)
  const of = { kind: 'image', epoch: 2, step_from: 'name' } as const
  await recordEvents(db, job_id, event({ type: 'sample', path: 'e2.png', ...of }))
  expect(await inferSampleSteps(db, job_id)).toBe(0)
  const saved = (step: number, epoch: number) => ({ ...checkpoint(step), epoch }) as const
  await recordEvents(db, job_id, saved(60, 2), saved(30, 1))
  expect(await inferSampleSteps(db, job_id)).toBe(1)
  const { samples } = await listSamples(db, job_id)
  expect(samples).toMatchObject([{ step: 60, epoch: 2, step_from: 'epoch' }])
})

test('the pair is the samples at the best checkpoint and the last ones, with all prompts', async () => {
  const job_id = await newJob(db)
  expect(await samplePair(db, job_id)).toEqual({ best: [], distance: 0, last: [] })
  const saves = [100, 200, 300].flatMap((step) => [
    evaluation(step, step === 200 ? 1 : 2),
    checkpoint(step),
  ])
  await recordEvents(db, job_id, ...saves, image(100), image(190), image(190, 1), image(300))
  const pair = await samplePair(db, job_id)
  expect(pair.best.map(({ path }) => path)).toEqual([pathOf(190), pathOf(190, 1)])
  expect([pair.distance, stepsOf(pair.last)]).toEqual([-10, [300]])
})

test('a history that is recorded again has only its own samples', async () => {
  const job_id = await newJob(db)
  const batch = { source: 'files', from: null, to: '1', events: [started(0), image(100)] }
  await record(db, job_id, batch)
  await storeAll(job_id)
  await record(db, job_id, {
    ...batch,
    from: '1',
    to: '2',
    events: [started(0), image(200)],
    replace: true,
  })
  expect(stepsOf((await listSamples(db, job_id)).samples)).toEqual([200])
  expect((await jobDetail(db, job_id))?.sample_count).toBe(1)
})

test('samples that a file name shows stay when the log is recorded again', async () => {
  const job_id = await newJob(db)
  const batch = { source: 'files', from: null, to: '1', events: [started(0)] }
  await record(db, job_id, batch)
  await recordEvents(db, job_id, image(100, 0, { step_from: 'name' }))
  await record(db, job_id, { ...batch, from: '1', to: '2', replace: true })
  expect(stepsOf((await listSamples(db, job_id)).samples)).toEqual([100])
})

test('a deleted job frees the space of its samples', async () => {
  const job_id = await newJob(db)
  await record(db, job_id, { source: 'files', from: null, to: '1', events: [started(0), image(1)] })
  await recordEvents(db, job_id, image(2, 0, { step_from: 'name' }))
  await storeAll(job_id)
  await db.sql`update training_jobs set deleted_at = 0 where job_id = ${job_id}`
  await purgeDeletedJobs(db)
  for (const table of ['samples', 'sample_contents']) {
    const rows = await db.sql`select 1 from ${db.sql(table)} where job_id = ${job_id}`
    expect([table, rows.length]).toEqual([table, 0])
  }
})

test('content in an event is stored only if its bytes are an image or a sound', async () => {
  const job_id = await newJob(db)
  const svg = Buffer.from('<svg><script>alert(1)</script></svg>').toString('base64')
  const some = [image(1, 0, { content: PNG.toString('base64') }), image(2, 0, { content: svg })]
  await recordFacts(db, job_id, some)
  const { samples } = await listSamples(db, job_id)
  expect(samples.map(({ content_state }) => content_state)).toEqual(['stored', 'unread'])
})
