import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openOwnSite, type OwnSite } from './site.ts'

let site: OwnSite
let run: Run

beforeAll(async () => {
  site = await openOwnSite()
  run = await (await new Run(site.db, 'guarded').begin()).train([3, 2])
})
afterAll(() => site[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(site.url + path, { headers, redirect: 'manual' })

test('without the token every page and procedure answers 401', async () => {
  const paths = [
    '/',
    '/jobs',
    `/jobs/${run.job_id}`,
    `/jobs/${run.job_id}/report`,
    '/?token=wrong',
    '/__data.json',
    '/trpc/jobs.list',
    '/trpc/watch',
    '/trpc/%77atch',
    '/trpc//watch',
    '/api/v1/jobs',
    `/api/v1/jobs/${run.job_id}/best`,
    '/api/v1/openapi.json',
  ]
  for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 401])
  expect(await (await get('/')).text()).toContain('/?token=')
})

test('the link sets a cookie that scripts cannot read, and redirects to an address without the token', async () => {
  const { request } = await site.browser.newContext({ baseURL: site.url })
  const answer = await request.get(`/?token=${site.token}&status=running`, {
    headers: { accept: 'text/html' },
    maxRedirects: 0,
  })
  expect(answer.status()).toBe(303)
  expect(answer.headers()['location']).toBe('/?status=running')
  const cookie = answer.headers()['set-cookie'] ?? ''
  expect(cookie).toMatch(/^bestmark-[0-9a-f]{8}=.*HttpOnly.*SameSite=Lax/i)
  expect((await get('/', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200)
})

test('a tool gets access with its token as Bearer', async () => {
  const authorization = `Bearer ${site.token}`
  expect((await get('/trpc/jobs.list', { authorization })).status).toBe(200)
  expect((await get('/trpc/jobs.list', { authorization: 'Bearer wrong' })).status).toBe(401)
})

test('a page of another origin may not write, even on this machine', async () => {
  const context = await site.visitor()
  const stop = (origin: string) =>
    context.request.post('/trpc/jobs.stop', {
      headers: { origin },
      data: JSON.stringify('[{"job_id":1},"x"]'),
    })
  expect((await stop('http://localhost:1')).status()).toBe(403)
  expect((await stop('http://evil.example')).status()).toBe(403)
  expect((await stop(site.url)).status()).toBe(400)
})

test('a redirect parameter that names another site stays on the board', async () => {
  const answer = await get(`//evil.example/?token=${site.token}`)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/evil.example/'])
})

test('a host name of another machine is refused', async () => {
  const page = await (await site.visitor()).request.get('/')
  const script = (await page.text()).match(/\/_app\/[^"]+\.js/)?.[0] ?? ''
  expect(script).not.toBe('')
  for (const path of ['/', '/favicon.svg', script]) {
    const sent = request(site.url + path, {
      headers: { host: 'evil.example', authorization: `Bearer ${site.token}` },
    }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    expect([path, answer.statusCode]).toEqual([path, 421])
  }
  expect((await get(script)).headers.get('x-content-type-options')).toBe('nosniff')
})

test('every answer forbids framing, sniffing and foreign scripts', async () => {
  const context = await site.visitor()
  for (const path of ['/', `/jobs/${run.job_id}`, `/jobs/${run.job_id}/report`]) {
    const headers = (await context.request.get(path)).headers()
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/)
  }
})

test('the report has no script', async () => {
  const answer = await (await site.visitor()).request.get(`/jobs/${run.job_id}/report`)
  const html = await answer.text()
  expect(html).not.toMatch(/<script|modulepreload|\son\w+=|javascript:/i)
  expect(answer.headers()['content-security-policy']).not.toContain('script-src')
  expect(html).toContain('Step 200 is best: eval_loss')
  expect(html).toContain('data-best="200"')
})

test('a missing job is 404 with its id', async () => {
  const id = '00000000-0000-4000-8000-000000000000'
  const answer = await (await site.visitor()).request.get(`/jobs/${id}`)
  expect(answer.status()).toBe(404)
  expect(await answer.text()).toContain(`There is no job ${id}`)
})

test('the server prints nothing, and ends within two seconds while a page is watching', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const start = performance.now()
  site.server.kill('SIGTERM')
  const [code] = (await once(site.server, 'exit')) as [number]
  expect(performance.now() - start).toBeLessThan(2_000)
  expect({ code, printed: site.printed() }).toEqual({ code: 0, printed: '' })
  await page.getByText('The board does not answer.').waitFor()
})
