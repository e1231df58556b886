import { createClient } from '@bestmark/api/client'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { openOwnSite, type OwnSite } from './site.ts'

let site: OwnSite
let run: Run

beforeAll(async () => {
  site = await openOwnSite()
  run = await (await new Run(site.db, 'attacked').begin()).train([3, 2])
})
afterAll(() => site[Symbol.asyncDispose]())

const get = (path: string, more: Record<string, string> = {}) =>
  fetch(site.url + path, {
    headers: { authorization: `Bearer ${site.token}`, ...more },
    redirect: 'manual',
  })
const input = (flat: unknown) => `input=${encodeURIComponent(JSON.stringify(JSON.stringify(flat)))}`
const post = (path: string, body: string, more: Record<string, string> = {}) =>
  fetch(site.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${site.token}`,
      'content-type': 'application/json',
      ...more,
    },
    body,
  })
/** As `post`, but no header says how long the body is. */
const chunked = (path: string, body: string) =>
  fetch(site.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    // Node needs it for a stream; the type does not have it.
    duplex: 'half',
  } as RequestInit)
const stopOf = (job_id: string) => JSON.stringify(JSON.stringify([{ job_id: 1 }, job_id]))
const status = async () => {
  const answer = await get(`/trpc/jobs.status?${input([{ job_id: 1 }, run.job_id])}`)
  return /completed|running|stopping|stopped/.exec(await answer.text())?.[0]
}

/** Requests as a page sends them; plain data, which is passed into the browser. */
interface Asking {
  method?: string
  mode?: 'cors' | 'no-cors'
  headers?: Record<string, string>
  body?: string
}

/** The peak memory of the server's process, in bytes. */
async function memory(): Promise<number> {
  const processStatus = await readFile(`/proc/${site.server.pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+)/.exec(processStatus)?.[1] ?? 0) * 1024
}

test('no input makes the server do more work than its length', async () => {
  const before = await memory()
  const doubling = Array.from({ length: 200 }, (_, index) => [index + 1, index + 1])
  const hostile = [
    [[-7, 100_000_000]],
    [{ jobs: 1 }, [-7, 4_294_967_295]],
    [{ status: 1 }, ...doubling, 1],
    [{ search: 1 }, ['BigInt', '9'.repeat(10_000)]],
    [{ search: 1 }, ['RegExp', '(a+)+$']],
    [{ status: 1 }, [1]],
    [{ status: 1 }, ...Array.from({ length: 1_000 }, (_, index) => [index + 2])],
    JSON.parse('[{"__proto__":1},1]'),
  ]
  for (const flat of hostile) {
    for (const path of ['/trpc/jobs.list', '/trpc/watch']) {
      const answer = await get(`${path}?${input(flat)}`)
      const body = await answer.text()
      if (path === '/trpc/jobs.list') expect([flat, answer.status]).toEqual([flat, 400])
      expect(body).not.toMatch(/stack|node_modules|Maximum call/)
    }
  }
  expect((await get('/trpc/jobs.list')).status).toBe(200)
  expect((await memory()) - before).toBeLessThan(300_000_000)
})

test('the size of a batch and the length of a body and an address are limited', async () => {
  const calls = (count: number) => Array.from({ length: count }, () => 'jobs.stop').join(',')
  const bodies = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [at, '[{}]'])))
  expect((await post(`/trpc/${calls(1_000)}?batch=1`, bodies(1_000))).status).toBe(400)
  expect((await post(`/trpc/${calls(33)}?batch=1`, bodies(33))).status).toBe(400)
  expect((await post('/trpc/jobs.stop', `"${'x'.repeat(200_000)}"`)).status).toBe(413)
  expect((await chunked('/trpc/jobs.stop', `"${'x'.repeat(200_000)}"`)).status).toBe(413)
  expect((await chunked('/trpc/jobs.stop', '"x"')).status).toBe(400)
  expect((await get(`/?search=${'x'.repeat(200_000)}`)).status).toBe(431)
  expect((await get('/trpc/jobs.list')).status).toBe(200)
})

test('a query that is too long for an address is answered', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `${index}`.padStart(220, '学'))
  const query = { job_id: run.job_id, names }
  expect(await createClient(site).series.read.query(query)).toHaveLength(50)
})

test('a GET changes nothing: a change must be posted', async () => {
  const job = input([{ job_id: 1 }, run.job_id])
  for (const path of ['/trpc/jobs.stop', '/trpc/jobs.removeExamples', '/trpc/policies.change']) {
    expect([path, (await get(`${path}?${job}`)).status]).toEqual([path, 405])
    const head = await fetch(`${site.url}${path}?${job}`, { method: 'HEAD' })
    expect(head.status).toBeLessThan(500)
  }
  expect(await status()).toBe('running')
})

test('a link on another page opens pages of the board, but no procedure', async () => {
  const job = input([{ job_id: 1 }, run.job_id])
  const links = [`/trpc/jobs.status?${job}`, '/trpc/watch', `/jobs/${run.job_id}`]
  const other = createServer((_request, response) => {
    const list = links.map((path) => `<a href="${site.url}${path}">${path}</a>`).join(' ')
    response.setHeader('content-type', 'text/html').end(list)
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const page = await (await site.visitor()).newPage()
  const led: (number | undefined)[] = []
  for (const path of links) {
    await page.goto(`http://127.0.0.1:${port}/`)
    const answered = page.waitForResponse((response) => response.url() === site.url + path)
    await page.getByRole('link', { name: path, exact: true }).click()
    led.push((await answered).status())
  }
  expect(led).toEqual([403, 403, 200])
  other.close()
})

test('another page of this machine may neither write with the cookie nor read', async () => {
  const other = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<p>another server</p>')
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const page = await (await site.visitor()).newPage()
  await page.goto(`http://localhost:${port}/`)
  const attempt = (path: string, init: Asking) =>
    page.evaluate(
      ([href, options]) =>
        fetch(href, { credentials: 'include', ...options }).then(
          (answer) => `${answer.type} ${answer.status}`,
          () => 'refused',
        ),
      [site.url + path, init] as const,
    )
  const body = stopOf(run.job_id)
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const headers = { 'content-type': type }
    for (const mode of ['cors', 'no-cors'] as const) {
      await attempt('/trpc/jobs.stop', { method: 'POST', mode, headers, body })
    }
  }
  expect(await attempt('/trpc/jobs.list', {})).toBe('refused')
  expect(await attempt('/', { mode: 'no-cors' })).toBe('refused')
  expect(await status()).toBe('running')
  other.close()
})

test('no path leads out of the files of the build', async () => {
  const { port } = new URL(site.url)
  const paths = [
    '/../../package.json',
    '/_app/../../../package.json',
    '/_app/%2e%2e/%2e%2e/index.js',
    '/%2e%2e%2f%2e%2e%2fpackage.json',
    '/_app/..%5c..%5cpackage.json',
    '/favicon.svg/../../server/index.js',
    '//etc/passwd',
    '/%00',
    '/%E0%A4%A',
    '/__data.json/../token',
  ]
  for (const path of paths) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${site.token}\r\nconnection: close\r\n\r\n`,
    )
    const body = await text(socket)
    expect([path, body.slice(0, 12)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 (40|30)/)])
    expect(body).not.toMatch(/"name": "@bestmark|root:x:|\.ts:\d|\bat .+\(|node_modules|\/work\//)
  }
})

test('a page with any address is answered', async () => {
  const many = Array.from({ length: 1_000 }, () => 'status=running').join('&')
  const job = `/jobs/${run.job_id}`
  const long = 'm,'.repeat(3_000)
  const paths = [
    `/?${many}`,
    `/?cursor=${'9'.repeat(5_000)}&sort=__proto__&project=constructor`,
    '/?search=%25%25%25%25%27%3B--&status=__proto__',
    `${job}?show=__proto__&window=0~1e17&smooth=1e308&x=toString`,
    `${job}?window=-1e308~1e308&log=1&show=${'x'.repeat(5_000)}`,
    `${job}/report?show=constructor`,
    `/backtest?target=${long}`,
    `/backtest?target=__proto__&project=constructor&direction=toString`,
    `/backtest/download?format=csv&target=${long}`,
    `/backtest/download?format=__proto__`,
    '/jobs/__proto__',
    '/constructor',
    '/trpc/__proto__',
    '/trpc/constructor.prototype',
    `/trpc/watch?lastEventId=${'1,'.repeat(3_000)}&${input([{ jobs: 1 }, 'all'])}`,
  ]
  for (const path of paths) {
    const answer = await get(path, { connection: 'close' })
    expect([path, answer.status]).toEqual([path, expect.toBeOneOf([200, 303, 308, 400, 404])])
    await answer.body?.cancel()
  }
  expect(site.printed()).toBe('')
})
