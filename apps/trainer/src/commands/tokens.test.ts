import { apiTokenOf, audited } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const tokens = (...words: string[]) => command(['tokens', ...words], { env: here.env })
const audit = (...words: string[]) => command(['audit', ...words], { env: here.env })

test('a board without tokens has none to list, and one without changes has no audit', async () => {
  expect(await tokens()).toMatchObject({ code: 1, stdout: '' })
  expect(await audit()).toMatchObject({ code: 1, stdout: '' })
})

test('a new token is all that is printed, once, and a list shows no secret', async () => {
  const made = await tokens('--new', 'ci', '--scope', 'write', '--days', '30')
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('not shown again') })
  const secret = made.stdout.trim()
  expect(await apiTokenOf(here.board.db, secret)).toMatchObject({ name: 'ci', scope: 'write' })
  const list = await tokens()
  expect(list.stdout).toMatch(/^[\da-f]{8} +ci +write +expires \d{4}-\d\d-\d\d +used \d{4}-.*\n$/)
  const json = await tokens('--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'ci', scope: 'write', revoked_at: null })
  expect(list.stdout + json.stdout + made.stderr).not.toContain(secret.slice(9))
})

test('a revoked token gives no access, and the list says so', async () => {
  const made = JSON.parse((await tokens('--new', 'lost', '--json')).stdout) as {
    token_id: string
    secret: string
  }
  const ran = await tokens('--revoke', made.token_id)
  expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('"lost" no longer') })
  expect(await apiTokenOf(here.board.db, made.secret)).toBe('revoked')
  expect((await tokens()).stdout).toMatch(/lost +read +revoked \d{4}-.* never used/)
})

const ID = 'd9428888-122b-41e1-b85c-61cd43f4e002'

test('a token to send journals is for one project, or for one job that may not exist yet', async () => {
  const made = await tokens('--new', 'gpu', '--scope', 'ingest', '--project', 'asr')
  expect(made.stderr).toMatch(/may only send runs of project asr, until/)
  const limited = await tokens('--new', 'one', '--scope', 'ingest', '--job', ID, '--json')
  expect(JSON.parse(limited.stdout)).toMatchObject({ scope: 'ingest', job_id: ID, project: null })
  expect((await tokens()).stdout).toContain(`ingest of job ${ID}`)
  expect(await apiTokenOf(here.board.db, made.stdout.trim())).toMatchObject({ project: 'asr' })
})

test('options that do not fit make and revoke nothing', async () => {
  const before = (await tokens('--json')).stdout
  for (const [words, message] of [
    [['--new', 'a', '--revoke', 'b'], 'not both'],
    [['--new', ' '], 'needs a name'],
    [['--new', 'a', '--days', '400'], '1 to 366 days'],
    [
      ['--new', 'a', '--scope', 'all'],
      '--scope must be read or write or admin or ingest; got "all".',
    ],
    [['--new', 'a', '--scope', 'ingest'], 'for one job or for one project'],
    [['--new', 'a', '--scope', 'ingest', '--project', 'p', '--job', ID], 'for one job or for one'],
    [['--new', 'a', '--scope', 'write', '--project', 'p'], 'Only a token of the scope ingest'],
    [['--new', 'a', '--scope', 'ingest', '--job', 'nothing'], 'There is no job nothing'],
    [['--revoke', 'nobody'], 'No token has the id nobody'],
  ] as const) {
    const ran = await tokens(...words)
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
    expect(ran.stderr).not.toMatch(/^ +at /m)
  }
  expect((await tokens('--json')).stdout).toBe(before)
})

test('the audit says who changed what, and how that ended', async () => {
  const job_id = 'd9428888-122b-41e1-b85c-61cd43f4e001'
  const entry = { token_id: null, person_id: null, procedure: 'jobs.stop', subject: { job_id } }
  const nothing = async () => undefined
  const { db } = here.board
  await audited(db, { ...entry, caller: 'link', name: null }, nothing, () => 'done')
  await audited(db, { ...entry, caller: 'token', name: 'ci' }, nothing, () => 'NOT_FOUND')
  const [token, link, ...more] = (await audit()).stdout.trimEnd().split('\n')
  expect(token).toMatch(new RegExp(`token ci +jobs.stop +NOT_FOUND +job_id=${job_id}$`))
  expect(link).toMatch(new RegExp(`the link +jobs.stop +done +job_id=${job_id}$`))
  expect(more).toEqual([])
  const json = await audit('--last', '1', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ ...entry, caller: 'token', outcome: 'NOT_FOUND' })
})
