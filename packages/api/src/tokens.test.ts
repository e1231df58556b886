import { randomUUID } from 'node:crypto'
import { apiTokenOf, listAudit } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, LINK } from './caller.ts'
import { createCaller } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

const apiOf = (caller: Caller) => createCaller({ db: board.db, caller }).access

test('an admin makes and revokes tokens; the secret is in one answer, and in no list or audit', async () => {
  const access = apiOf(LINK)
  const { token, secret } = await access.makeToken({ name: ' ci ', scope: 'write', days: 30 })
  expect(await apiTokenOf(board.db, secret)).toMatchObject({ name: 'ci', scope: 'write' })
  const { token_id } = token
  expect(await access.revokeToken({ token_id })).toMatchObject({ token_id })
  expect(await apiTokenOf(board.db, secret)).toBe('revoked')
  const entries = await listAudit(board.db, { limit: 10 })
  expect(entries.map(({ procedure, outcome }) => `${procedure} ${outcome}`)).toEqual([
    'access.revokeToken done',
    'access.makeToken done',
  ])
  expect(entries[0]?.subject).toEqual({ token_id })
  expect(JSON.stringify([await access.tokens(), entries])).not.toContain(secret.slice(9))
})

test('the token of an admin makes no other token, which would outlive it', async () => {
  const program = apiOf({ ...LINK, kind: 'token', name: 'ops' })
  const made = program.makeToken({ name: 'x', scope: 'read', days: 1 })
  await expect(made).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect((await program.tokens()).filter(({ name }) => name === 'x')).toEqual([])
})

test('a name, a scope and an end are needed', async () => {
  const token = { name: 'x', scope: 'read', days: 1 } as const
  for (const wrong of [{ name: ' ' }, { days: 0 }, { days: 367 }, { days: 1.5 }]) {
    const made = apiOf(LINK).makeToken({ ...token, ...wrong })
    await expect(made).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
})

test('a token to send journals is for one job or one project, and no other token is', async () => {
  const { makeToken } = apiOf(LINK)
  const sends = { name: 'gpu', scope: 'ingest', days: 30 } as const
  const job_id = randomUUID()
  const ofProject = await makeToken({ ...sends, project: 'asr' })
  expect(ofProject.token).toMatchObject({ scope: 'ingest', project: 'asr', job_id: null })
  const ofJob = await makeToken({ ...sends, job_id })
  expect(ofJob.token).toMatchObject({ scope: 'ingest', project: null, job_id })
  const all = { ...sends, project: 'asr', job_id }
  const wrong = [sends, all, { ...sends, scope: 'write', project: 'asr' } as const]
  for (const input of wrong) {
    await expect(makeToken(input)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
})
