import { TestProxy } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Line } from './line.ts'
import { cookieOf, openPeopleSite } from './people.ts'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, openOwnSite, type OwnSite } from './site.ts'

let site: OwnSite
let line: Line
let run: Run

beforeAll(async () => {
  site = await openOwnSite((databaseUrl) => {
    line = new Line(databaseUrl)
    return line.mend()
  })
  run = await (await new Run(site.db, 'patient').begin()).train([3, 2])
})
afterAll(async () => {
  line.cut()
  await site[Symbol.asyncDispose]()
})

test('a page says that the database cannot be reached, and recovers by itself', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  line.cut()
  const answer = await page.reload()
  expect(answer?.status()).toBe(503)
  await page.getByRole('heading', { name: 'The database cannot be reached' }).waitFor()
  await line.mend()
  await page.getByRole('heading', { name: 'patient' }).waitFor()
})

test('an open page says that the board does not answer, and later continues', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  line.cut()
  await page.getByText('The board does not answer.').waitFor()
  await run.record(metrics(250, 0.25))
  await line.mend()
  await page.locator('[data-field=loss]', { hasText: '0.2500' }).waitFor({ state: 'attached' })
  await page.getByText('The board does not answer.').waitFor({ state: 'detached' })
  expect(site.server.exitCode).toBeNull()
})

test('pages and calls get 503 while the database is silent, and recover by themselves', async () => {
  const proxies: TestProxy[] = []
  await using hanging = await openOwnSite(async (databaseUrl) => {
    const proxy = await TestProxy.to(databaseUrl)
    proxies.push(proxy)
    return proxy.databaseUrl
  })
  const [proxy] = proxies as [TestProxy]
  const { request } = await hanging.visitor()
  const headers = { authorization: `Bearer ${hanging.token}` }
  const statuses = async () => {
    const answers = ['/', '/backtest', '/trpc/jobs.list'].map((path) =>
      request.get(path, { headers, timeout: 25_000 }),
    )
    return (await Promise.all(answers)).map((answer) => answer.status())
  }
  expect(await statuses()).toEqual([200, 200, 200])
  proxy.hang()
  expect(await statuses()).toEqual([503, 503, 503])
  const call = await request.get('/trpc/jobs.list', { headers })
  expect(await call.text()).toContain('The database cannot be reached.')
  proxy.recover()
  await expect.poll(statuses, { timeout: 30_000 }).toEqual([200, 200, 200])
  await proxy[Symbol.asyncDispose]()
}, 90_000)

test('where people sign in, pages and calls get 503 while the database is away or silent, and the session lasts', async () => {
  const proxies: TestProxy[] = []
  await using open = await openPeopleSite({}, async (databaseUrl) => {
    const proxy = await TestProxy.to(databaseUrl)
    proxies.push(proxy)
    return proxy.databaseUrl
  })
  const [proxy] = proxies as [TestProxy]
  const headers = { cookie: await cookieOf(open, 'Ana') }
  const statuses = async () => {
    const answers = ['/', '/sign-in', '/trpc/jobs.list'].map((path) =>
      fetch(open.url + path, { headers, redirect: 'manual' }),
    )
    return (await Promise.all(answers)).map((answer) => answer.status)
  }
  expect(await statuses()).toEqual([200, 303, 200])
  proxy.hang()
  expect(await statuses()).toEqual([503, 503, 503])
  const call = await fetch(`${open.url}/trpc/jobs.list`, { headers })
  expect(await call.text()).toContain('The database cannot be reached.')
  proxy.recover()
  await expect.poll(statuses, { timeout: 30_000 }).toEqual([200, 303, 200])
  await proxy[Symbol.asyncDispose]()
  expect(await statuses()).toEqual([503, 503, 503])
}, 90_000)

test('a server that starts while the database is silent prints that, and opens the board later', async () => {
  const proxies: TestProxy[] = []
  await using hanging = await openOwnSite(async (databaseUrl) => {
    const proxy = await TestProxy.to(databaseUrl)
    proxies.push(proxy)
    proxy.hang()
    return proxy.databaseUrl
  })
  const [proxy] = proxies as [TestProxy]
  const headers = { authorization: `Bearer ${hanging.token}` }
  const ask = async (path: string) => fetch(hanging.url + path, { headers })
  expect((await ask('/')).status).toBe(503)
  const call = await ask('/trpc/jobs.list')
  expect(call.status).toBe(503)
  expect(await call.json()).toMatchObject({ error: expect.anything() })
  proxy.recover()
  await expect
    .poll(async () => (await ask('/trpc/jobs.list')).status, { timeout: 30_000 })
    .toBe(200)
  await proxy[Symbol.asyncDispose]()
}, 90_000)

test('a part that could not be read again says so and is tried again; then the message disappears', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.locator('[data-best="200"]').waitFor()
  await page.route('**/trpc/checkpoints.list**', (route) => route.abort())
  await run.record(metrics(300, 0.2), evaluation(300, 1), checkpoint(300))
  await page.getByText('Part of this page is out of date').waitFor()
  await page.locator('[data-best="200"]').waitFor()
  await page.unroute('**/trpc/checkpoints.list**')
  await page.locator('[data-best="300"]').waitFor()
  await page.getByText('Part of this page is out of date').waitFor({ state: 'detached' })
})

test('series that could not be read are read when the board answers again', async () => {
  await run.record(evaluation(400, 1.5, { eval_f1: 0.5 }))
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.route('**/trpc/series.read**', (route) => route.abort())
  await page.getByRole('combobox', { name: 'series' }).selectOption('f1')
  await page.getByText('Part of this page is out of date').waitFor()
  await page.unroute('**/trpc/series.read**')
  await page.locator('path[data-line=eval_f1]').waitFor({ state: 'attached' })
})

test('an error that no part of a page handles is shown', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  await page.evaluate(() => void Promise.reject(new Error('nobody caught this')))
  await page.getByRole('alert').getByText('nobody caught this').waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('alert').waitFor({ state: 'detached' })
})
