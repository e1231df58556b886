import { randomUUID } from 'node:crypto'
import {
  createApiToken,
  createDeployment,
  jobDetail,
  jobStatus,
  listAudit,
  listCheckpoints,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINK, tokenCaller } from '../caller.ts'
import { type TestBoard, testBoard } from '../testing.ts'
import { SendingRate } from './rate.ts'
import { ask, bytes, journal, limited, line, metrics, send, steps } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

test('a token of one job or project sends nothing else, and one to read sends nothing', async () => {
  const { job_id, text } = journal(1)
  const other = limited({ job_id: randomUUID() })
  expect(await send(board.db, job_id, text, { caller: other })).toMatchObject({
    ...{ status: 403, code: 'other_job' },
  })
  const elsewhere = limited({ project: 'vision' })
  expect(await send(board.db, job_id, text, { caller: elsewhere })).toMatchObject({
    ...{ status: 403, code: 'other_project' },
  })
  expect(await jobStatus(board.db, job_id)).toBeUndefined()
  const reader = { ...LINK, scope: 'read' } as const
  const refused = { status: 403, code: 'scope_missing' }
  expect(await send(board.db, job_id, text, { caller: reader })).toMatchObject(refused)
  expect(await send(board.db, job_id, text, { caller: limited({ job_id }) })).toMatchObject({
    status: 200,
  })
  // The job is on the board now, in another project than that of the token.
  for (const caller of [other, elsewhere]) {
    expect(await ask(board.db, job_id, {}, { caller })).toMatchObject({ status: 403 })
    const next = { caller, offset: bytes(text) }
    expect(await send(board.db, job_id, metrics(2), next)).toMatchObject({ status: 403 })
  }
  const same = { caller: limited({ project: 'asr' }), offset: bytes(text) }
  expect(await send(board.db, job_id, metrics(2), same)).toMatchObject({ status: 200 })
  expect(await steps(board.db, job_id)).toEqual([1, 2])
})

test('a journal without a project belongs to that of the token', async () => {
  const { job_id, text } = journal(1, { project: '' })
  await send(board.db, job_id, text, { caller: limited({ project: 'asr' }) })
  expect(await jobStatus(board.db, job_id)).toMatchObject({ project: 'asr' })
})

test('who has no valid token is told why', async () => {
  const { job_id, text } = journal(1)
  const cases = [
    ['signed_out', 'token_unknown'],
    ['expired', 'token_expired'],
    ['revoked', 'token_revoked'],
  ] as const
  for (const [caller, code] of cases) {
    expect(await send(board.db, job_id, text, { caller })).toMatchObject({ status: 401, code })
  }
  const { secret } = await createApiToken(board.db, {
    ...{ name: 'gpu', scope: 'ingest', days: 1, project: 'asr' },
  })
  const caller = await tokenCaller(board.db, secret)
  expect(caller).toMatchObject({ scope: 'ingest', project: 'asr', job_id: null })
  expect(await send(board.db, job_id, text, { caller })).toMatchObject({ status: 200 })
})

test('who sends too much waits', async () => {
  const { job_id, text } = journal(1)
  const rate = new SendingRate({ pieces: 1, bytes: 1_000_000 }, () => 0)
  const caller = limited({ job_id, token_id: randomUUID() })
  expect(await send(board.db, job_id, text, { caller, rate })).toMatchObject({ status: 200 })
  expect(await send(board.db, job_id, text, { caller, rate })).toMatchObject({
    ...{ status: 429, code: 'too_fast', retry: '60' },
  })
  const others = limited({ job_id, token_id: randomUUID() })
  expect(await send(board.db, job_id, text, { caller: others, rate })).toMatchObject({
    status: 200,
  })
})

test('a job that the board records from files, or that a person deleted, takes nothing', async () => {
  const { job_id, text } = journal(1)
  const here = await board.newJob('here')
  expect(await send(board.db, here, text.replace(job_id, here))).toMatchObject({
    ...{ status: 409, code: 'recorded_from_files' },
  })
  await send(board.db, job_id, text)
  await board.db.sql`update training_jobs set deleted_at = 1 where job_id = ${job_id}`
  const next = { offset: bytes(text) }
  expect(await send(board.db, job_id, metrics(2), next)).toMatchObject({
    status: 410,
    code: 'job_deleted',
  })
})

test('the board says that no agent sees the files of such a job, and where they are', async () => {
  const { job_id, text } = journal(1)
  const saved = line({
    ...{ type: 'checkpoint', attempt: 0, step: 1, path: 'step-1', files_state: 'complete' },
  })
  const place = { 'bestmark-host': 'gpu%C3%A9', 'bestmark-folder': '/runs/m%20x' }
  await send(board.db, job_id, text + saved, { headers: place })
  const status = await jobStatus(board.db, job_id)
  expect(status).toMatchObject({ host: 'gpué', output_dir: '/runs/m x' })
  expect(await jobDetail(board.db, job_id)).toMatchObject({ files_unchecked: 'no_agent' })
  const best =
    status?.best_checkpoint_id ?? (await listCheckpoints(board.db, job_id))[0]?.checkpoint_id
  const order = { job_id, checkpoint_id: best ?? '', model_name: 'whale' }
  await expect(createDeployment(board.db, order)).rejects.toThrow(
    'No agent sees the files of moby: gpué sends only its journal.',
  )
  const here = await board.newJob('files')
  expect(await jobDetail(board.db, here)).toMatchObject({ files_unchecked: null })
})

test('the audit has the beginning of each journal, and who sent it', async () => {
  const { job_id, text } = journal(1)
  const caller = limited({ project: 'asr' })
  await send(board.db, job_id, text, { caller })
  await send(board.db, job_id, metrics(2), { caller, offset: bytes(text) })
  const bad = journal(1, { project: 'vision' })
  await send(board.db, bad.job_id, bad.text, { caller })
  const entries = await listAudit(board.db, { limit: 2 })
  expect(entries).toMatchObject([
    { procedure: 'ingest', subject: { job_id: bad.job_id }, outcome: 'other_project' },
    { procedure: 'ingest', subject: { job_id }, outcome: 'done', caller: 'token', name: 'gpu' },
  ])
})
