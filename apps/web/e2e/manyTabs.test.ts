import { once } from 'node:events'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest'
import { expectLossPoints } from './drawn.ts'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { serve } from './webServer.ts'
import { goLive, isLive, openSite, type Site } from './site.ts'
import { WebLine } from './webLine.ts'

let site: Site
let line: WebLine
let target: string

beforeAll(async () => {
  site = await openSite()
  target = site.url
  line = await WebLine.to(() => target)
})
beforeEach(() => expect.poll(() => line.streams).toBe(0))
afterAll(async () => {
  await line[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

/** Tabs of one browser, each on the page of the job; the first one leads. */
async function openTabs(run: Run, count: number): Promise<Page[]> {
  const context = await site.visitor({ baseURL: line.url })
  const open = async (): Promise<Page> => {
    const page = await context.newPage()
    await goLive(page, `/jobs/${run.job_id}`)
    return page
  }
  const leader = await open()
  return [leader, ...(await Promise.all(Array.from({ length: count - 1 }, open)))]
}

/** Waits until a page shows this step, then expects every point once in its curve. */
async function showsEachOnce(page: Page, step: number): Promise<void> {
  await page.getByText(`step ${step} of 1,000`).first().waitFor()
  await expectLossPoints(page, step)
}

/** Writes the points up to a step, one by one. */
async function write(run: Run, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step += 1) await run.record(metrics(step, 1 + 1 / step))
}

test('eight tabs of a browser with different pages are live over one stream', async () => {
  const run = await new Run(site.db, 'eight').begin()
  const pages = await openTabs(run, 7)
  const list = await pages[0]!.context().newPage()
  await goLive(list, '/')
  await write(run, 1, 5)
  for (const page of pages) await showsEachOnce(page, 5)
  await run.record(evaluation(5, 2.5), checkpoint(5))
  await list.getByRole('row', { name: /eight.*2\.500 @5/s }).waitFor()
  await expect.poll(() => line.streams).toBe(1)
}, 120_000)

test('when the leading tab closes, the others continue without a gap or a repeat', async () => {
  const run = await new Run(site.db, 'led').begin()
  const [leader, ...others] = await openTabs(run, 4)
  await write(run, 1, 3)
  for (const page of others) await showsEachOnce(page, 3)
  const closing = leader!.close()
  await write(run, 4, 9)
  await closing
  for (const page of others) await showsEachOnce(page, 9)
  await expect.poll(() => line.streams).toBe(1)
})

test('after a restart of the server all tabs continue without a gap or a repeat', async () => {
  const run = await new Run(site.db, 'restarted').begin()
  const first = await serve(site.home, site.db.databaseUrl, inject('pages'))
  target = first.url
  const pages = await openTabs(run, 3)
  await write(run, 1, 3)
  for (const page of pages) await showsEachOnce(page, 3)
  first.server.kill('SIGKILL')
  await once(first.server, 'exit')
  for (const page of pages) await page.getByText('The board does not answer.').waitFor()
  await write(run, 4, 6)
  const second = await serve(site.home, site.db.databaseUrl, inject('pages'))
  onTestFinished(async () => {
    target = site.url
    second.server.kill('SIGKILL')
    await once(second.server, 'exit')
  })
  target = second.url
  for (const page of pages) await showsEachOnce(page, 6)
  await write(run, 7, 8)
  for (const page of pages) await showsEachOnce(page, 8)
  await expect.poll(() => line.streams).toBe(1)
})

test('a connection that dies without an error is replaced, and the page says from when its data is', async () => {
  const run = await new Run(site.db, 'asleep').begin()
  const pages = await openTabs(run, 2)
  await write(run, 1, 2)
  for (const page of pages) await showsEachOnce(page, 2)
  line.freeze()
  await write(run, 3, 4)
  for (const page of pages) {
    await page.getByText(/This page shows data from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\./).waitFor()
  }
  for (const page of pages) await showsEachOnce(page, 4)
  await pages[1]!.getByText('The board does not answer.').waitFor({ state: 'detached' })
})

test('a browser without a network catches up when it is back', async () => {
  const run = await new Run(site.db, 'offline').begin()
  const pages = await openTabs(run, 3)
  await write(run, 1, 2)
  for (const page of pages) await showsEachOnce(page, 2)
  await pages[0]!.context().setOffline(true)
  line.cut()
  for (const page of pages) await page.getByText('The board does not answer.').waitFor()
  await pages[0]!.getByText(/Next try in \d+ s\./).waitFor()
  await write(run, 3, 5)
  await pages[0]!.context().setOffline(false)
  for (const page of pages) await showsEachOnce(page, 5)
  for (const page of pages) await isLive(page)
})
