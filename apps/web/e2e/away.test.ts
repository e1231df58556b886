import { afterAll, beforeAll, expect, test } from 'vitest'
import { Line } from './line.ts'
import { metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let line: Line
let run: Run

beforeAll(async () => {
  site = await openSite((databaseUrl) => {
    line = new Line(databaseUrl)
    return line.mend()
  })
  run = await (await new Run(site.db, 'patient').begin()).train([3, 2])
})
afterAll(async () => {
  line.cut()
  await site[Symbol.asyncDispose]()
})

test('a page says that the database is away, and comes back by itself', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  line.cut()
  const answer = await page.reload()
  expect(answer?.status()).toBe(503)
  await page.getByRole('heading', { name: 'The database cannot be reached' }).waitFor()
  await line.mend()
  await page.getByRole('heading', { name: 'patient' }).waitFor()
})

test('a page that is open says that the board does not answer, and then goes on', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  line.cut()
  await page.getByText('The board does not answer.').waitFor()
  await run.say(metrics(250, 0.25))
  await line.mend()
  await page.locator('[data-field=loss]', { hasText: '0.2500' }).waitFor()
  await page.getByText('The board does not answer.').waitFor({ state: 'detached' })
  expect(site.server.exitCode).toBeNull()
})
