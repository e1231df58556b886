import { randomBytes, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { includesScope, type Scope } from '@bestmark/core'
import { createApiToken, listAudit, revokeApiToken } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { openOwnSite, type OwnSite } from './site.ts'

let site: OwnSite
let run: Run
let tokens: Record<string, string | null>

beforeAll(async () => {
  site = await openOwnSite()
  run = await (await new Run(site.db, 'scoped').begin()).train([3, 2])
  tokens = {
    'the link': site.token,
    read: await secretOf('read'),
    write: await secretOf('write'),
    admin: await secretOf('admin'),
    expired: await secretOf('admin', 'expired'),
    revoked: await secretOf('admin', 'revoked'),
    unknown: `bestmark_${'x'.repeat(43)}`,
    wrong: 'wrong',
    nobody: null,
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function secretOf(scope: Scope, end?: 'expired' | 'revoked'): Promise<string> {
  const { token, secret } = await createApiToken(site.db, { name: scope, scope, days: 1 })
  const { token_id } = token
  if (end === 'revoked') await revokeApiToken(site.db, token_id)
  if (end === 'expired') {
    await site.db.sql`update api_tokens set expires_at = 0 where token_id = ${token_id}`
  }
  return secret
}

/** An address of each page and route, its status for a caller who may, and the scope it needs. */
const ADDRESSES: Record<string, () => [address: string, status: number, needs?: Scope]> = {
  '/access': () => ['/access', 200, 'admin'],
  '/': () => ['/', 200],
  '/alerts': () => ['/alerts', 200],
  '/api/v1/[...path]': () => ['/api/v1/jobs', 200],
  '/api/v1/openapi.json': () => ['/api/v1/openapi.json', 200],
  '/backtest': () => ['/backtest', 200],
  '/backtest/download': () => ['/backtest/download', 400],
  '/compare': () => [`/compare?jobs=${run.job_id}`, 200],
  '/compare/report': () => [`/compare/report?jobs=${run.job_id}`, 200],
  '/compare/report.[format]': () => [`/compare/report.md?jobs=${run.job_id}`, 200],
  '/jobs': () => ['/jobs', 308],
  '/jobs/[id]': () => [`/jobs/${run.job_id}`, 200],
  '/jobs/[id]/report': () => [`/jobs/${run.job_id}/report`, 200],
  '/jobs/[id]/report.[format]': () => [`/jobs/${run.job_id}/report.md`, 200],
  '/jobs/[id]/samples/[sample]': () => [`/jobs/${run.job_id}/samples/${randomUUID()}`, 404],
  '/models': () => ['/models', 200],
  '/models/download': () => ['/models/download?format=csv', 200],
  '/trpc/[...procedure]': () => ['/trpc/jobs.list', 200],
}

/** What a caller who gives a valid secret may do. */
const HELD: Record<string, Scope> = {
  'the link': 'admin',
  read: 'read',
  write: 'write',
  admin: 'admin',
}

const headersOf = (who: string): Record<string, string> =>
  tokens[who] ? { authorization: `Bearer ${tokens[who]}` } : {}

const ROUTES = fileURLToPath(new URL('../src/routes', import.meta.url))

test('the table has every page and route', async () => {
  const files = await readdir(ROUTES, { recursive: true })
  const served = files.filter((path) => /(^|\/)(\+page\.svelte|\+server\.ts)$/.test(path))
  const routes = served.map((path) => `/${path.split('/').slice(0, -1).join('/')}`)
  expect(Object.keys(ADDRESSES).sort()).toEqual(routes.sort())
})

test('each page and route answers callers with its scope, 403 to those with another, 401 to the rest', async () => {
  for (const address of Object.values(ADDRESSES)) {
    const [path, status, needs = 'read'] = address()
    for (const who of Object.keys(tokens)) {
      const answer = await fetch(site.url + path, { headers: headersOf(who), redirect: 'manual' })
      await answer.body?.cancel()
      const held = HELD[who]
      const may = held && includesScope(held, needs)
      const expected = may ? status : held ? 403 : 401
      expect([path, who, answer.status]).toEqual([path, who, expected])
    }
  }
})

async function rename(who: string, name: string): Promise<number> {
  const answer = await fetch(`${site.url}/trpc/jobs.rename`, {
    method: 'POST',
    headers: { ...headersOf(who), 'content-type': 'application/json' },
    body: JSON.stringify(JSON.stringify([{ job_id: 1, name: 2 }, run.job_id, name])),
  })
  await answer.body?.cancel()
  return answer.status
}

test('only a scope to write changes something, and the audit says who did', async () => {
  const statuses: Record<string, number> = {}
  for (const who of Object.keys(tokens)) statuses[who] = await rename(who, 'scoped')
  expect(statuses).toEqual({
    ...{ 'the link': 200, write: 200, admin: 200, read: 403 },
    ...{ expired: 401, revoked: 401, unknown: 401, wrong: 401 },
    // A request that writes without a token may come from another page.
    nobody: 403,
  })
  const entries = await listAudit(site.db, { limit: 10 })
  expect(entries.map(({ caller, name, outcome }) => [caller, name, outcome])).toEqual([
    ['token', 'admin', 'done'],
    ['token', 'write', 'done'],
    ['link', null, 'done'],
  ])
})

test('a token in an address gives no access, so it cannot stay in a history or a log', async () => {
  const answer = await fetch(`${site.url}/?token=${tokens['admin']}`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null])
  const page = await answer.text()
  expect(page).not.toContain(tokens['admin'])
})

test('an expired token is told so', async () => {
  const answer = await fetch(`${site.url}/api/v1/jobs`, { headers: headersOf('expired') })
  expect(await answer.json()).toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringContaining('This token has expired.'),
  })
})

test('many unknown tokens are refused without a look-up, while tokens in use still work', async () => {
  expect(await rename('write', 'scoped')).toBe(200)
  const guess = () => {
    const headers = { authorization: `Bearer bestmark_${randomBytes(32).toString('base64url')}` }
    return fetch(`${site.url}/api/v1/jobs`, { headers })
  }
  const statuses: number[] = []
  // Twice the limit of a minute, because a minute may end meanwhile.
  while (statuses.at(-1) !== 429 && statuses.length < 120) {
    const answer = await guess()
    await answer.body?.cancel()
    statuses.push(answer.status)
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]))
  expect(await rename('write', 'scoped')).toBe(200)
  expect(await rename('the link', 'scoped')).toBe(200)
})

test('the server printed no secret', () => {
  for (const secret of Object.values(tokens)) {
    if (secret) expect(site.printed()).not.toContain(secret)
  }
})
