import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BoardAccess } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openOwnSite, type OwnSite } from './site.ts'

let site: OwnSite
let run: Run
let door: BoardAccess
let port: string

beforeAll(async () => {
  site = await openOwnSite()
  run = await (await new Run(site.db, 'behind a door').begin()).train([3, 2])
  door = new BoardAccess(site.home)
  port = new URL(site.url).port
})
afterAll(() => site[Symbol.asyncDispose]())

const SAFARI =
  'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15'
const NAVIGATES = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
}

/** Requests of browsers that do not say how they started. */
const PAGE = { accept: 'text/html,*/*;q=0.8' }

/** Sends a request under any name of the machine, which Node's fetch would have to resolve. */
async function ask(host: string, path: string, headers: Record<string, string> = {}) {
  const sent = request({ host: '127.0.0.1', port, path, headers: { ...headers, host } }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  const cookie = (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
  return {
    status: answer.statusCode,
    headers: answer.headers,
    cookie,
    body: String(Buffer.concat(pieces)),
  }
}

test('the cookie is a session for the board’s own name, and holds no part of the token', async () => {
  const context = await site.browser.newContext()
  const page = await context.newPage()
  await page.goto(await door.link({ host: '127.0.0.1', port: Number(port) }))
  await page.getByRole('link', { name: 'behind a door' }).first().waitFor()
  expect(page.url()).toBe(`http://${await door.name()}:${port}/`)
  const [cookie, ...others] = await context.cookies()
  expect(others).toEqual([])
  expect(cookie).toMatchObject({ domain: await door.name(), httpOnly: true, sameSite: 'Lax' })
  expect(cookie?.value).not.toContain(site.token.slice(0, 8))
  await context.close()
})

test('a browser that opens the link at a shared name is redirected to the board’s own name', async () => {
  const context = await site.browser.newContext()
  const page = await context.newPage()
  for (const host of ['127.0.0.1', 'localhost']) {
    await page.goto(`http://${host}:${port}/?token=${site.token}&status=running`)
    expect(page.url()).toBe(`http://${await door.name()}:${port}/?status=running`)
  }
  expect((await context.cookies()).map(({ domain }) => domain)).toEqual([await door.name()])
  await context.close()
})

test('no other port of the machine receives the cookie', async () => {
  const sent: string[] = []
  const other = createServer((request, response) => {
    sent.push(request.headers.cookie ?? '')
    response.end('other')
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const there = (other.address() as AddressInfo).port
  const context = await site.browser.newContext()
  const page = await context.newPage()
  await page.goto(await door.link({ host: '127.0.0.1', port: Number(port) }))
  for (const host of ['127.0.0.1', 'localhost', 'other.localhost']) {
    await page.goto(`http://${host}:${there}/`)
  }
  expect(sent.length).toBeGreaterThanOrEqual(3)
  expect(sent.join('')).toBe('')
  other.close()
  await context.close()
})

test('the board shows its host name only to clients with the token', async () => {
  const name = await door.name()
  for (const host of ['127.0.0.1', 'localhost', 'board.localhost']) {
    for (const path of ['/', '/?token=wrong', '/jobs/x', '/trpc/jobs.list', '/nothing']) {
      const { status, headers, body } = await ask(`${host}:${port}`, path, NAVIGATES)
      expect([path, status]).toEqual([path, expect.toBeOneOf([401, 403])])
      expect(JSON.stringify(headers) + body).not.toContain(name)
    }
  }
})

test('a browser that does not resolve such names stays at the shared name, with a session', async () => {
  const host = `127.0.0.1:${port}`
  const safari = { ...NAVIGATES, 'user-agent': SAFARI }
  for (const headers of [safari, PAGE]) {
    const { status, headers: sent, cookie } = await ask(host, `/?token=${site.token}`, headers)
    expect([status, sent.location, sent['cache-control']]).toEqual([303, '/', 'no-store'])
    expect(cookie).not.toContain(site.token)
    expect((await ask(host, '/', { cookie })).status).toBe(200)
  }
})

test('the database stores neither the token nor a session', async () => {
  const { cookie } = await ask(`127.0.0.1:${port}`, `/?token=${site.token}`, PAGE)
  const tables = await site.db.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`
  expect(tables.length).toBeGreaterThan(5)
  for (const { name } of tables) {
    const rows = await site.db.sql`select to_jsonb(t)::text as text from ${site.db.sql(name)} t`
    const text = rows.map((row) => String(row['text'])).join()
    for (const secret of [site.token, cookie.split('=')[1] ?? ''])
      expect(text).not.toContain(secret)
  }
})

test('the link works through a tunnel on another port', async () => {
  const { headers } = await ask('localhost:9999', `/?token=${site.token}`, NAVIGATES)
  expect(headers.location).toBe(`http://${await door.name()}:9999/?token=${site.token}`)
})

test('the token as Bearer gives access under any name of the machine', async () => {
  const authorization = `Bearer ${site.token}`
  for (const host of ['127.0.0.1', 'localhost', '[::1]', await door.name()]) {
    expect((await ask(host, '/trpc/jobs.list', { authorization })).status).toBe(200)
  }
})

test('the link creates no second session for the same browser', async () => {
  const host = `${await door.name()}:${port}`
  const { cookie } = await ask(host, `/?token=${site.token}`, PAGE)
  const again = await ask(host, `/?token=${site.token}`, { ...PAGE, cookie })
  expect([again.status, again.cookie]).toEqual([303, ''])
})

test('a browser with the cookie of an earlier version must open the link again, and the cookie is removed', async () => {
  const old = `bestmark_${'a'.repeat(32)}`
  const answer = await ask(`127.0.0.1:${port}`, '/', { cookie: `${old}=${site.token}` })
  expect(answer.status).toBe(401)
  expect(answer.body).toContain('bestmark link')
  expect(answer.headers['set-cookie']?.join()).toMatch(new RegExp(`^${old}=;.*Max-Age=0`))
})

test('the cookie of an earlier version of another board on another port is kept', async () => {
  const cookie = `bestmark_${'b'.repeat(32)}=${'c'.repeat(64)}`
  for (const path of ['/', `/?token=${site.token}`]) {
    expect((await ask(`127.0.0.1:${port}`, path, { cookie })).cookie).toBe('')
  }
})

test('a tool that opens the link gets no session', async () => {
  const sessions = () => readdir(join(site.home, 'sessions')).catch(() => [])
  const before = await sessions()
  const fetches = { ...PAGE, 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }
  const nothing: Record<string, string> = {}
  for (const headers of [nothing, { accept: '*/*' }, { accept: 'application/json' }, fetches]) {
    const { cookie } = await ask(`127.0.0.1:${port}`, `/?token=${site.token}`, headers)
    expect(cookie).toBe('')
  }
  expect(await sessions()).toEqual(before)
})

test('the link opens the board even if no session can be stored', async () => {
  const folder = join(site.home, 'sessions')
  await rename(folder, `${folder}.away`)
  await writeFile(folder, 'in its place')
  const context = await site.browser.newContext()
  const page = await context.newPage()
  await page.goto(await door.link({ host: '127.0.0.1', port: Number(port) }))
  await page.getByRole('link', { name: 'behind a door' }).first().waitFor()
  await context.close()
  await rm(folder)
  await rename(`${folder}.away`, folder)
})

test('a new token ends the link, the sessions and the open pages', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const session = await ask(`127.0.0.1:${port}`, `/?token=${site.token}`, PAGE)
  await door.renew()
  await page
    .getByText('This link has expired. Run "bestmark link" and open the new link.')
    .waitFor()
  const requested: string[] = []
  page.on('request', (request) => requested.push(new URL(request.url()).pathname))
  // The pauses between tries are shorter than this.
  await pause(3_000)
  expect(requested).not.toContain('/trpc/watchMany')
  expect((await ask(`127.0.0.1:${port}`, '/', { cookie: session.cookie })).status).toBe(401)
  expect((await ask(`127.0.0.1:${port}`, `/?token=${site.token}`)).status).toBe(401)
  const authorization = `Bearer ${site.token}`
  expect((await ask(`127.0.0.1:${port}`, '/trpc/jobs.list', { authorization })).status).toBe(401)
  const renewed = await ask(`127.0.0.1:${port}`, `/?token=${await door.token()}`)
  expect(renewed.status).toBe(303)
})
