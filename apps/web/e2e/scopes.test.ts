import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { INGEST, ROLE_SCOPES, type TokenScope } from '@bestmark/core'
import {
  createApiToken,
  type Database,
  endSessions,
  listAudit,
  personNamed,
  removePerson,
  revokeApiToken,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADDRESSES, type Answer, mayReach, PROJECT } from './addresses.ts'
import { addPerson, cookieOf, openPeopleSite } from './people.ts'
import { Run } from './runs.ts'
import { openOwnSite, type OwnSite } from './site.ts'

/** A board that its link opens. */
let site: OwnSite
/** A board whose people sign in. */
let open: OwnSite
let run: Run
let openRun: Run
/** What each caller sends: to the board with a link, and to the one with accounts. */
let callers: Record<string, Record<string, string>>
let openCallers: Record<string, Record<string, string>>
let tokens: Record<string, string>

beforeAll(async () => {
  ;[site, open] = await Promise.all([openOwnSite(), openPeopleSite()])
  run = await (await new Run(site.db, 'scoped').begin()).train([3, 2])
  openRun = await (await new Run(open.db, 'scoped').begin()).train([3, 2])
  tokens = await tokensOf(site)
  callers = bearers(tokens)
  openCallers = { ...bearers(await tokensOf(open)), ...(await browsers()) }
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await open[Symbol.asyncDispose]()
})

async function tokensOf({ db, token }: OwnSite): Promise<Record<string, string>> {
  return {
    'the link': token,
    read: await secretOf(db, 'read'),
    write: await secretOf(db, 'write'),
    admin: await secretOf(db, 'admin'),
    ingest: await secretOf(db, INGEST),
    expired: await secretOf(db, 'admin', 'expired'),
    revoked: await secretOf(db, 'admin', 'revoked'),
    unknown: `bestmark_${'x'.repeat(43)}`,
    wrong: 'wrong',
    nobody: '',
  }
}

function bearers(shown: Record<string, string>): typeof callers {
  const sent = Object.entries(shown).map(([who, token]) => [
    who,
    token ? { authorization: `Bearer ${token}` } : {},
  ])
  return Object.fromEntries(sent)
}

/** The sessions of people, and sessions that ended. */
async function browsers(): Promise<typeof callers> {
  const { db, home } = open
  const names = { viewer: 'Vera', member: 'Max', 'an admin': 'Ana' }
  const signedIn: typeof callers = {}
  for (const [who, name] of Object.entries(names)) {
    signedIn[who] = { cookie: await cookieOf(open, name) }
  }
  const gone = await addPerson(db, home, 'Gone', 'admin')
  signedIn['a removed person'] = { cookie: await cookieOf(open, 'Gone') }
  await removePerson(db, gone.person_id)
  await addPerson(db, home, 'Out', 'admin')
  signedIn['a person who signed out'] = { cookie: await cookieOf(open, 'Out') }
  await endSessions(db, (await personNamed(db, 'out@lab.org')).person_id)
  await addPerson(db, home, 'Late', 'admin')
  signedIn['a session that expired'] = { cookie: await cookieOf(open, 'Late') }
  await db.sql`update sessions set expires_at = created_at where person_id =
    (select person_id from people where email = 'late@lab.org')`
  // The signature is that of another session.
  const forged = signedIn['an admin']?.['cookie']?.replace(/=\w{8}/, '=00000000') ?? ''
  signedIn['a forged cookie'] = { cookie: forged }
  signedIn['the link and its cookie'] = { cookie: `bestmark-00000000=${open.token}` }
  return signedIn
}

async function secretOf(
  db: Database,
  scope: TokenScope,
  end?: 'expired' | 'revoked',
): Promise<string> {
  const limit = scope === INGEST ? { project: PROJECT } : {}
  const { token, secret } = await createApiToken(db, { name: scope, scope, days: 1, ...limit })
  const { token_id } = token
  if (end === 'revoked') await revokeApiToken(db, token_id)
  if (end === 'expired') {
    await db.sql`update api_tokens set expires_at = 0 where token_id = ${token_id}`
  }
  return secret
}

/** What a caller who gives a valid secret of a program, or the link, may do. */
const HELD: Record<string, TokenScope> = {
  ingest: INGEST,
  'the link': 'admin',
  read: 'read',
  write: 'write',
  admin: 'admin',
}

/** Where people sign in, the link gives no access. */
const OPEN_HELD: Record<string, TokenScope> = {
  ...{ ingest: INGEST, read: 'read', write: 'write', admin: 'admin' },
  ...{ viewer: ROLE_SCOPES.viewer, member: ROLE_SCOPES.member, 'an admin': ROLE_SCOPES.admin },
}

/** Answers for which being a person, not only the scope, decides. */
const PEOPLE = ['viewer', 'member', 'an admin']
const FOR_PEOPLE: Record<string, { person: number; program: number }> = {
  // A program has no account.
  '/account': { person: 200, program: 404 },
  // Who is signed in is sent to the board.
  '/sign-in': { person: 303, program: 200 },
}

const ROUTES = fileURLToPath(new URL('../src/routes', import.meta.url))

test('the table has every page and route', async () => {
  const files = await readdir(ROUTES, { recursive: true })
  const served = files.filter((path) => /(^|\/)(\+page\.svelte|\+server\.ts)$/.test(path))
  const routes = served.map((path) => `/${path.split('/').slice(0, -1).join('/')}`)
  expect(Object.keys(ADDRESSES).sort()).toEqual(routes.sort())
})

test('each page and route answers callers with its scope, 403 to those with another, 401 to the rest', async () => {
  for (const address of Object.values(ADDRESSES)) {
    const [path, answer, needs = 'read'] = address(run.job_id)
    const status = typeof answer === 'number' ? answer : answer.link
    for (const [who, headers] of Object.entries(callers)) {
      const held = HELD[who]
      const may = held && mayReach(held, needs)
      const expected = may ? status : held ? 403 : 401
      expect([path, who, await statusOf(site.url + path, headers)]).toEqual([path, who, expected])
    }
  }
})

test('where people sign in, each page and route answers roles as scopes, and the link as nobody', async () => {
  for (const [route, address] of Object.entries(ADDRESSES)) {
    const [path, answer, needs = 'read'] = address(openRun.job_id)
    const { person, program } = FOR_PEOPLE[route] ?? both(answer)
    for (const [who, headers] of Object.entries(openCallers)) {
      const status = PEOPLE.includes(who) ? person : program
      const held = OPEN_HELD[who]
      const may = mayReach(held, needs)
      const expected = may ? status : held ? 403 : 401
      expect([path, who, await statusOf(open.url + path, headers)]).toEqual([path, who, expected])
    }
  }
})

function both(answer: Answer): { person: number; program: number } {
  const status = typeof answer === 'number' ? answer : answer.accounts
  return { person: status, program: status }
}

async function statusOf(address: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(address, { headers, redirect: 'manual' })
  await answer.body?.cancel()
  return answer.status
}

async function rename(to: OwnSite, headers: Record<string, string>): Promise<number> {
  const { job_id } = to === site ? run : openRun
  const answer = await fetch(`${to.url}/trpc/jobs.rename`, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      // A browser says from which page it writes.
      ...(headers['cookie'] && { origin: to.url }),
    },
    body: JSON.stringify(JSON.stringify([{ job_id: 1, name: 2 }, job_id, 'scoped'])),
  })
  await answer.body?.cancel()
  return answer.status
}

async function renamings(to: OwnSite, all: typeof callers): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (const [who, headers] of Object.entries(all)) statuses[who] = await rename(to, headers)
  return statuses
}

test('only a scope to write changes something, and the audit says who did', async () => {
  expect(await renamings(site, callers)).toEqual({
    ...{ 'the link': 200, write: 200, admin: 200, read: 403, ingest: 403 },
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

test('where people sign in, only members and admins write, and the audit names them', async () => {
  expect(await renamings(open, openCallers)).toEqual({
    ...{ member: 200, 'an admin': 200, write: 200, admin: 200, viewer: 403, read: 403 },
    ingest: 403,
    ...{ 'the link': 401, expired: 401, revoked: 401, unknown: 401, wrong: 401, nobody: 403 },
    ...{ 'a removed person': 401, 'a person who signed out': 401, 'a forged cookie': 401 },
    ...{ 'a session that expired': 401, 'the link and its cookie': 401 },
  })
  const entries = await listAudit(open.db, { limit: 2 })
  expect(entries.map(({ caller, name, outcome }) => [caller, name, outcome])).toEqual([
    ['person', 'Ana', 'done'],
    ['person', 'Max', 'done'],
  ])
})

test('a token in an address gives no access, so it cannot stay in a history or a log', async () => {
  const answer = await fetch(`${site.url}/?token=${tokens['admin']}`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null])
  const page = await answer.text()
  expect(page).not.toContain(tokens['admin'])
})

test('an expired token is told so', async () => {
  const answer = await fetch(`${site.url}/api/v1/jobs`, { headers: callers['expired'] ?? {} })
  expect(await answer.json()).toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringContaining('This token has expired.'),
  })
})

test('many unknown tokens are refused without a look-up, while tokens in use still work', async () => {
  expect(await rename(site, callers['write'] ?? {})).toBe(200)
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
  expect(await rename(site, callers['write'] ?? {})).toBe(200)
  expect(await rename(site, callers['the link'] ?? {})).toBe(200)
})

test('the server printed no secret', () => {
  for (const secret of Object.values(tokens)) {
    if (secret) expect(site.printed()).not.toContain(secret)
  }
  const sent = Object.values(openCallers).flatMap((headers) => Object.values(headers))
  for (const header of sent) {
    expect(open.printed()).not.toContain(header.split(/[ =]/)[1])
  }
})
