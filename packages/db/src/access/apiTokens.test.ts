import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import {
  apiTokenEnd,
  apiTokenOf,
  createApiToken,
  isApiSecret,
  listApiTokens,
  revokeApiToken,
} from './apiTokens.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const CI = { name: 'ci', scope: 'read', days: 30 } as const

test('a secret finds its token, and the database does not have it', async () => {
  const { token, secret } = await createApiToken(db, CI)
  expect(isApiSecret(secret)).toBe(true)
  expect(await apiTokenOf(db, secret)).toMatchObject({ token_id: token.token_id, scope: 'read' })
  expect(await apiTokenOf(db, `${secret.slice(0, -1)}-`)).toBeUndefined()
  const rows = await db.sql`select * from api_tokens`
  expect(JSON.stringify(rows)).not.toContain(secret.slice('bestmark_'.length))
  expect(JSON.stringify(await listApiTokens(db))).not.toContain('digest')
})

test('a token to send journals is for one job or one project, and no other token is', async () => {
  const job_id = 'd9428888-122b-41e1-b85c-61cd43f4e001'
  const sending = { name: 'gpu', scope: 'ingest', days: 1 } as const
  const { secret } = await createApiToken(db, { ...sending, project: 'asr' })
  expect(await apiTokenOf(db, secret)).toMatchObject({ project: 'asr', job_id: null })
  const { token } = await createApiToken(db, { ...sending, job_id })
  expect(token).toMatchObject({ project: null, job_id })
  for (const limit of [{}, { job_id, project: 'asr' }]) {
    await expect(createApiToken(db, { ...sending, ...limit })).rejects.toThrow('one job or for one')
  }
  await expect(createApiToken(db, { ...CI, project: 'asr' })).rejects.toThrow('Only a token of')
  // The database refuses such rows, too.
  await expect(db.sql`update api_tokens set scope = 'read' where project = 'asr'`).rejects.toThrow()
  await expect(db.sql`update api_tokens set project = null`).rejects.toThrow()
})

test('its use is noted', async () => {
  const { token, secret } = await createApiToken(db, CI)
  expect(token.used_at).toBeNull()
  await apiTokenOf(db, secret)
  const used = (await listApiTokens(db)).find(({ token_id }) => token_id === token.token_id)
  expect(used?.used_at).toBeGreaterThanOrEqual(token.created_at)
})

test('a token ends at its time, or when it is revoked', async () => {
  const old = await createApiToken(db, CI)
  await db.sql`update api_tokens set expires_at = created_at where token_id = ${old.token.token_id}`
  expect(await apiTokenOf(db, old.secret)).toBe('expired')
  expect(await apiTokenEnd(db, old.token.token_id)).toBe('expired')
  const lost = await createApiToken(db, CI)
  expect(await apiTokenEnd(db, lost.token.token_id)).toBeUndefined()
  const revoked = await revokeApiToken(db, lost.token.token_id.slice(0, 13))
  expect(revoked.revoked_at).not.toBeNull()
  expect(await apiTokenOf(db, lost.secret)).toBe('revoked')
  expect(await apiTokenEnd(db, lost.token.token_id)).toBe('revoked')
  expect(await revokeApiToken(db, lost.token.token_id)).toEqual(revoked)
})

test('an id that no token has, and one that several have, revoke nothing', async () => {
  // Of 17 ids, two begin with the same digit.
  for (let made = 0; made < 17; made++) await createApiToken(db, CI)
  const before = await listApiTokens(db)
  await expect(revokeApiToken(db, 'nobody')).rejects.toThrow('No token has the id nobody.')
  await expect(revokeApiToken(db, '')).rejects.toThrow('No token has the id')
  const digits = before.map(({ token_id }) => token_id.charAt(0))
  const common = digits.find((digit, at) => digits.indexOf(digit) !== at) ?? ''
  await expect(revokeApiToken(db, common)).rejects.toThrow(`tokens begin with ${common}.`)
  expect(await listApiTokens(db)).toEqual(before)
})

test('a token has a name, and expires within a year', async () => {
  await expect(createApiToken(db, { ...CI, name: ' ' })).rejects.toThrow('needs a name')
  for (const days of [0, -1, 367, Number.NaN, Infinity]) {
    await expect(createApiToken(db, { ...CI, days })).rejects.toThrow('after 1 to 366 days')
  }
  const { token } = await createApiToken(db, { ...CI, days: 2 })
  expect(token.expires_at - token.created_at).toBeCloseTo(2 * 24 * 60 * 60 * 1000, -3)
})
