import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { LINK } from '../caller.ts'
import { type JournalLine, type TestBoard, testBoard } from '../testing.ts'
import { answerPlain, openApiDocument } from './handler.ts'
import { plainRouter } from './router.ts'

let board: TestBoard
let job_id: string
beforeAll(async () => {
  board = await testBoard()
  job_id = await board.newJob('moby')
  await board.recordEvents(job_id, ...RUN)
})
afterAll(() => board[Symbol.asyncDispose]())

const RUN: readonly JournalLine[] = [
  { type: 'started', total_steps: 300 },
  ...['ready', 'slow disk', 'saved'].map((text): JournalLine => ({
    ...{ type: 'log', text, at: null },
    level: text === 'slow disk' ? 'warning' : 'info',
  })),
  { type: 'sample', step: 200, kind: 'image', path: 'sample/200.png' },
  { type: 'sample', step: 100, kind: 'text', text: 'Call me Ishmael' },
  ...[100, 200, 300].flatMap((step): JournalLine[] => [
    { type: 'metrics', step, values: { loss: step === 300 ? 'NaN' : 2, 'train/lr': 0.1 } },
    { type: 'evaluation', step, values: { eval_loss: step === 200 ? 1 : 2 } },
    { type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' },
  ]),
]

async function get(path: string, authorized = true): Promise<{ status: number; body: unknown }> {
  const request = new Request(`http://localhost/api/v1${path}`)
  const context = { db: board.db, caller: authorized ? LINK : undefined }
  const answer = await answerPlain(
    request,
    () => context,
    () => undefined,
  )
  return { status: answer.status, body: JSON.parse(await answer.text()) as unknown }
}

test('a job is found by its id, the beginning of its id and its name', async () => {
  for (const text of [job_id, job_id.slice(0, 8), 'moby']) {
    expect(await get(`/jobs/${text}`)).toMatchObject({ status: 200, body: { job_id } })
  }
})

test('the best checkpoint and its sentence are the same as on the board', async () => {
  const { body } = await get('/jobs/moby/best')
  expect(body).toMatchObject({
    job_id,
    metric: 'eval_loss',
    direction: 'min',
    best: { step: 200, path: 'checkpoint-200', value: 1, is_best: true },
  })
  const { body: page } = await get('/jobs')
  expect(page).toMatchObject({ total: 1, jobs: [{ best_step: 200 }], next_cursor: null })
  const { body: list } = await get('/jobs/moby/checkpoints')
  expect(list).toMatchObject({ checkpoints: [{ step: 100 }, { step: 200 }, { step: 300 }] })
})

test('samples are listed by step, a page at a time', async () => {
  const { body } = await get('/jobs/moby/samples?limit=1')
  const text = { kind: 'text', text: 'Call me Ishmael', content_state: 'inline' }
  expect(body).toMatchObject({ samples: [{ step: 100, ...text }] })
  const { next_cursor } = z.object({ next_cursor: z.string() }).parse(body)
  const { body: rest } = await get(`/jobs/moby/samples?cursor=${next_cursor}`)
  const image = { kind: 'image', path: 'sample/200.png', content_state: 'unread' }
  expect(rest).toMatchObject({ samples: [{ step: 200, ...image }], next_cursor: null })
  expect(await get('/jobs/moby/samples?from_step=150')).toMatchObject({
    body: { samples: [{ step: 200 }] },
  })
  expect(await get('/jobs/moby/samples?cursor=nonsense')).toMatchObject({ status: 400 })
})

test('points are plain lists, in which NaN is a string', async () => {
  const { body: names } = await get('/jobs/moby/series')
  expect(names).toMatchObject({
    series: expect.arrayContaining([{ name: 'train/lr', kind: 'logged', count: 3 }]) as unknown,
  })
  const { body } = await get('/jobs/moby/series/points?name=loss&name=eval_loss')
  expect(body).toMatchObject({
    series: [
      { name: 'loss', steps: [100, 200, 300], values: [2, 2, 'NaN'], times: [null, null, null] },
      { name: 'eval_loss', kind: 'evaluation', values: [2, 1, 2] },
    ],
  })
  const { body: window } = await get('/jobs/moby/series/points?name=loss&from_step=150&to_step=250')
  expect(window).toMatchObject({ series: [{ steps: [200], values: [2] }] })
})

test('an invalid request gets a status and a sentence', async () => {
  expect(await get('/jobs/nobody')).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND', message: 'There is no job nobody on this board.' },
  })
  expect(await get('/jobs/moby/series/points')).toMatchObject({ status: 400 })
  expect(await get('/jobs/moby/series/points?name=los')).toMatchObject({
    status: 404,
    body: { message: expect.stringMatching(/no series los\. Did you mean loss\? .*eval_loss/) },
  })
  for (const [path, message] of [
    ['/jobs/moby?foo=1', 'There is no parameter foo.'],
    ['/jobs?limit=abc', 'limit: Invalid input: expected number, received NaN.'],
    ['/jobs/moby/series/points?name=loss&point=3', 'There is no parameter point.'],
  ]) {
    expect(await get(path ?? '')).toMatchObject({ status: 400, body: { message } })
  }
  expect(await get('/nothing')).toMatchObject({ status: 404 })
  expect(await get('/jobs', false)).toMatchObject({
    status: 401,
    body: { message: expect.stringContaining('Bearer') as unknown },
  })
  await board.newJob('twin')
  await board.newJob('twin')
  expect(await get('/jobs/twin/best')).toMatchObject({ status: 400 })
})

test('a name with any characters is found by its percent-encoded form', async () => {
  for (const name of ['sweep/out/a', 'two words', '100% ü', 'a%2Fb']) {
    const named = await board.newJob(name)
    const path = `/jobs/${encodeURIComponent(name)}`
    expect(await get(path)).toMatchObject({ status: 200, body: { job_id: named } })
    expect(await get(`${path}/best`)).toMatchObject({ status: 200, body: { job_id: named } })
  }
  const { status, body } = await get('/jobs/100%/best')
  expect(status).toBe(400)
  expect(JSON.stringify(body)).toContain('Write % as %25.')
})

test('the output is read in pages, from both ends, by level and by text', async () => {
  const texts = async (query: string) => {
    const { status, body } = await get(`/jobs/moby/output?${query}`)
    expect(status).toBe(200)
    const page = z.object({
      lines: z.array(z.object({ text: z.string() })),
      older: z.number().nullable(),
      newer: z.number().nullable(),
    })
    const { lines, older, newer } = page.parse(body)
    return [lines.map(({ text }) => text), older, newer]
  }
  expect(await texts('limit=2')).toEqual([['slow disk', 'saved'], 1, null])
  expect(await texts('limit=2&before=1')).toEqual([['ready'], null, null])
  expect(await texts('limit=2&order=oldest')).toEqual([['ready', 'slow disk'], null, 1])
  expect(await texts('order=oldest&after=1')).toEqual([['saved'], null, null])
  expect(await texts('level=warning')).toEqual([['slow disk'], null, null])
  expect(await texts('search=SAVED')).toEqual([['saved'], null, null])
  expect(await get('/jobs/nobody/output')).toMatchObject({ status: 404 })
  expect(await get('/jobs/moby/output?level=loud')).toMatchObject({ status: 400 })
})

test('the document describes each procedure and every field of its answer', () => {
  const document = openApiDocument('http://localhost')
  const text = JSON.stringify(document)
  const { paths } = z.object({ paths: z.record(z.string(), z.unknown()) }).parse(document)
  expect(Object.keys(paths)).toHaveLength(Object.keys(plainRouter._def.procedures).length)
  for (const word of ['best_checkpoint_path', '"NaN"', 'declared_by', 'absolute_path']) {
    expect(text).toContain(word)
  }
})
