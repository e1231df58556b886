import { listAudit, listPeople, personNamed, removePerson } from '@bestmark/db'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openPeopleSite, PASSWORD } from './people.ts'
import { CLIENT, startProvider, type TestProvider } from './provider.ts'
import type { OwnSite } from './site.ts'

const KNOWN = {
  zoe: { name: 'Zoe', email: 'zoe@lab.org', email_verified: true },
  max: { name: 'Max at the provider', email: 'Max@Lab.org', email_verified: true },
  vera: { name: 'Not Vera', email: 'vera@lab.org', email_verified: false },
  eve: { name: 'Eve', email: 'eve@elsewhere.org', email_verified: true },
}

let provider: TestProvider
let site: OwnSite
beforeAll(async () => {
  provider = await startProvider(KNOWN)
  const PORT = String(await freePort())
  const url = `http://localhost:${PORT}`
  provider.allow(url)
  site = await openPeopleSite({
    PORT,
    BESTMARK_URL: url,
    BESTMARK_OIDC_ISSUER: provider.issuer,
    BESTMARK_OIDC_CLIENT_ID: CLIENT.id,
    BESTMARK_OIDC_CLIENT_SECRET: CLIENT.secret,
    BESTMARK_OIDC_DOMAINS: 'lab.org',
    BESTMARK_OIDC_ROLE: 'member',
  })
})
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** The address of the board must be known before it starts, because the provider asks for it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function newPage(): Promise<Page> {
  const context = await site.browser.newContext({ baseURL: site.url })
  onTestFinished(() => context.close())
  return context.newPage()
}

async function signInAs(who: string, to = '/'): Promise<Page> {
  const page = await newPage()
  await page.goto(to)
  await page.getByRole('link', { name: 'Sign in with your organisation' }).click()
  await page.getByLabel('Who').fill(who)
  await page.getByRole('button', { name: 'Go on' }).click()
  return page
}

test('somebody of an accepted domain gets an account with the default role, and the page that was asked for', async () => {
  const page = await signInAs('zoe', '/models')
  await page.getByRole('link', { name: 'Zoe' }).waitFor()
  expect(page.url()).toBe(`${site.url}/models`)
  expect(await personNamed(site.db, 'zoe@lab.org')).toMatchObject({ name: 'Zoe', role: 'member' })
  const again = await signInAs('zoe')
  await again.getByRole('link', { name: 'Zoe' }).waitFor()
  expect(await listPeople(site.db)).toHaveLength(4)
  await again.goto('/account')
  await again.getByText('zoe@lab.org').waitFor()
  expect(await again.getByText('Change the password').count()).toBe(0)
})

test('a person with a password is the same one at the provider, with the same name and role', async () => {
  const page = await signInAs('max')
  await page.getByRole('link', { name: 'Max', exact: true }).waitFor()
  const max = await personNamed(site.db, 'max@lab.org')
  expect(max).toMatchObject({ name: 'Max', role: 'member' })
  const ways = await site.db.sql`
    select provider_id from sign_in_ways where person_id = ${max.person_id} order by provider_id`
  expect(ways.map(({ provider_id }) => provider_id as string)).toEqual(['credential', 'oidc'])
})

test('another domain, an address that is not verified, and a removed person get no access', async () => {
  const zoe = await personNamed(site.db, 'zoe@lab.org')
  await removePerson(site.db, zoe.person_id)
  for (const [who, message] of [
    ['eve', 'not of an organisation that this board accepts'],
    ['vera', 'does not say that your e-mail address is yours'],
    ['zoe', 'Your account was removed from this board.'],
    ['', 'did not let you sign in'],
  ] as const) {
    const page = await signInAs(who)
    await page.getByRole('alert').waitFor()
    expect([who, await page.getByRole('alert').innerText()]).toEqual([
      who,
      expect.stringContaining(message),
    ])
    await page.goto('/')
    await page.getByLabel('Password').waitFor()
  }
  const emails = (await listPeople(site.db)).map(({ email }) => email)
  expect(emails.sort()).toEqual(['ana@lab.org', 'max@lab.org', 'vera@lab.org'])
})

test('an answer of the provider works once, in the browser that asked', async () => {
  const answers: string[] = []
  const page = await newPage()
  page.on('request', (request) => {
    if (request.url().includes('/callback/')) answers.push(request.url())
  })
  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Sign in with your organisation' }).click()
  await page.getByLabel('Who').fill('max')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('link', { name: 'Max', exact: true }).waitFor()
  const [answer = ''] = answers
  for (const other of [page, await newPage()]) {
    await other.context().clearCookies()
    await other.goto(answer)
    await other.getByRole('alert').waitFor()
    expect(new URL(other.url()).pathname).toBe('/sign-in')
  }
})

test('no other address of the library is open', async () => {
  for (const path of ['email', 'social', 'sign-up/email', 'list-sessions', 'get-session', 'ok']) {
    const answer = await fetch(`${site.url}/sign-in/${path}`, {
      method: 'POST',
      headers: { origin: site.url, 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ana@lab.org', password: PASSWORD }),
    })
    expect([path, answer.status]).toEqual([path, 401])
  }
})

test('no token of the provider is stored, and no secret is printed or in the audit', async () => {
  const rows = await site.db.sql<Record<string, unknown>[]>`
    select access_token, refresh_token, id_token from sign_in_ways where provider_id = 'oidc'`
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.flatMap((row) => Object.values(row)).filter((one) => one !== null)).toEqual([])
  const audit = await listAudit(site.db, { limit: 100 })
  const signedIn = audit.filter(({ procedure }) => procedure === 'people.signIn')
  expect(signedIn.map(({ name }) => name)).toContain('Zoe')
  expect(JSON.stringify(audit) + site.printed()).not.toContain(CLIENT.secret)
})
