import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectLossPoints } from './drawn.ts'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

async function openLive(run: Run) {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.evaluate(() => Object.assign(window, { unreloaded: true }))
  return page
}

test('points, the best and the end of a run reach the page without a reload', async () => {
  const run = await new Run(site.db, 'live').begin()
  const page = await openLive(run)
  await run.record(metrics(10, 3.25))
  await page.locator('[data-field=loss]', { hasText: '3.250' }).waitFor({ state: 'attached' })
  await run.record(metrics(100, 2.5), evaluation(100, 2.75), checkpoint(100))
  await page.locator('[data-best="100"]').waitFor()
  await page.getByText('The best, step 100, is preselected.').waitFor()
  await page.locator('path[data-line=eval_loss]').waitFor({ state: 'attached' })
  await run.record(ended('completed'))
  await page.locator('[data-shape=completed]').waitFor()
  expect(await page.evaluate(() => 'unreloaded' in window)).toBe(true)
})

test('the curve of a metric that begins to decide is shown without a reload, with its ring', async () => {
  const run = await new Run(site.db, 'late-metric').begin({
    ...{ metric_for_best: 'eval_f1', direction: 'max', declared_by: 'program' },
  })
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await run.record({ ...evaluation(100, 1), values: { eval_f1: 0.5 } }, checkpoint(100))
  await page.getByRole('slider', { name: 'f1 by step' }).waitFor()
  await page.locator('[data-best="100"]').waitFor()
})

test('a job that logs neither a loss nor evaluations shows what it logs', async () => {
  const run = await new Run(site.db, 'only-norms').begin()
  await run.record({ ...metrics(1, 1), values: { 'layers/norm': 2 } })
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('slider', { name: 'layers/norm by step' }).waitFor()
  expect(await page.getByText('Nothing has been logged yet').count()).toBe(0)
})

test('the list follows its jobs, and shows new ones', async () => {
  const run = await new Run(site.db, 'listed').begin()
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  await run.train([2.5])
  await page.getByRole('row', { name: /listed.*2\.500 @100/s }).waitFor()
  await new Run(site.db, 'newcomer').begin()
  await page.getByRole('row', { name: /newcomer/ }).waitFor()
})

test('the list keeps its rows without a network, and shows new jobs when it is back', async () => {
  await new Run(site.db, 'staying').begin()
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  let failed = 0
  await page.route('**/*', (route) => {
    if (route.request().url().includes('/trpc/watch')) return route.continue()
    failed += 1
    return route.abort()
  })
  await new Run(site.db, 'meanwhile').begin()
  await expect.poll(() => failed, { timeout: 15_000 }).toBeGreaterThan(1)
  await page.getByRole('row', { name: /staying/ }).waitFor()
  await page.unroute('**/*')
  await page.getByRole('row', { name: /meanwhile/ }).waitFor()
})

test('a page shows what was recorded while it had no network', async () => {
  const run = await new Run(site.db, 'resumed').begin()
  await run.record(metrics(1, 4))
  const page = await openLive(run)
  await page.locator('[data-field=loss]', { hasText: '4.000' }).waitFor({ state: 'attached' })
  await page.context().setOffline(true)
  await run.record(metrics(2, 3), metrics(3, 2))
  await page.context().setOffline(false)
  await run.record(metrics(4, 1))
  await page.locator('[data-field=loss]', { hasText: '1.000' }).waitFor({ state: 'attached' })
  await expectLossPoints(page, 4)
})

test('500 points that arrive one by one are all drawn', async () => {
  const run = await new Run(site.db, 'stream').begin()
  const page = await openLive(run)
  for (let step = 1; step <= 500; step += 1) await run.record(metrics(step, 1 + 1 / step))
  await page.getByText('step 500 of 1,000').waitFor()
  await expectLossPoints(page, 500)
})

test('Stop asks once, then tells the run to stop', async () => {
  const run = await (await new Run(site.db, 'stoppable').begin()).train([3])
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'stop this job' })
  await dialog.getByRole('button', { name: 'Stop it' }).click()
  await page.locator('[data-shape=stopping]').waitFor()
  expect(await page.getByRole('button', { name: 'Stopping' }).isDisabled()).toBe(true)
})

test('a run that no agent can stop has no Stop button', async () => {
  const run = await new Run(site.db, 'imported').begin({}, 'char-lm', false)
  const page = await openLive(run)
  await page.getByRole('link', { name: 'Report' }).waitFor()
  expect(await page.locator('[data-shape=running]').count()).toBe(1)
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0)
  const started = await openLive(await new Run(site.db, 'started').begin())
  await started.getByRole('button', { name: 'Stop', exact: true }).waitFor()
})

test('a hidden tab sends no request, and catches up when it is shown', async () => {
  const run = await new Run(site.db, 'hidden').begin()
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const closed = page.waitForEvent('requestfailed', (request) => request.url().includes('/watch'))
  await look(page, false)
  await closed
  await run.record(metrics(1, 3), metrics(2, 2))
  await look(page, true)
  await page.getByText('step 2 of 1,000').waitFor()
  await expectLossPoints(page, 2)
})

/** Sends the event with which a browser shows or hides a tab. */
function look(page: Page, shown: boolean): Promise<void> {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, !shown)
}
