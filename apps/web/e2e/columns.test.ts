import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluation, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

const LONG = `val/${'very_'.repeat(58)}long`

let site: Site

beforeAll(async () => {
  site = await openSite()
  for (const [name, project, learning_rate, f1] of [
    ['one', 'asr', 0.1, 0.4],
    ['two', 'asr', 0.001, 0.9],
    ['three', 'qa', 0.01, 0.6],
  ] as const) {
    const run = await new Run(site.db, name).begin({ config: { seed: 1, learning_rate } }, project)
    await run.record(
      evaluation(100, 2, { eval_f1: f1 }),
      evaluation(200, 3, { eval_f1: 0.1, [LONG]: f1 }),
    )
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function open(path: string, width = 1280): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width, height: 800 } })).newPage()
  await goLive(page, path)
  return page
}

const names = (page: Page) => page.locator('tbody .name a').allTextContents()
const cells = (page: Page, column: string) =>
  page.locator(`[data-column="${column}"] > span:last-child`).allTextContents()

test('columns are chosen from what the jobs differ in, and the address has them', async () => {
  const page = await open('/?sort=name')
  await page.getByRole('button', { name: 'Columns' }).click()
  const differing = page.getByRole('group', { name: 'Different among these jobs' })
  await expect.poll(() => differing.getByRole('checkbox').count()).toBeGreaterThan(1)
  expect((await differing.locator('label').first().textContent())?.trim()).toBe('learning_rate')
  await page.getByRole('checkbox', { name: 'learning_rate' }).check()
  await page.getByRole('searchbox', { name: 'find a column' }).fill('F1')
  await page.getByRole('checkbox', { name: 'best eval_f1' }).check()
  await page.getByRole('button', { name: 'Show' }).click()
  await page.waitForURL(/column=config%3Alearning_rate&column=best%3Aeval_f1/)
  expect(await names(page)).toEqual(['one', 'three', 'two'])
  expect(await cells(page, 'best:eval_f1')).toEqual(['0.4000', '0.6000', '0.9000'])
  expect(await cells(page, 'config:learning_rate')).toEqual(['0.1', '0.01', '0.001'])
})

test("a column's head sorts the list by it, its best first, and then the other way round", async () => {
  const page = await open('/?column=best:eval_f1')
  await page.getByRole('link', { name: 'best eval_f1' }).click()
  await expect.poll(() => names(page)).toEqual(['two', 'three', 'one'])
  const head = page.getByRole('columnheader', { name: 'best eval_f1' })
  expect(await head.getAttribute('aria-sort')).toBe('descending')
  await page.getByRole('link', { name: 'best eval_f1' }).click()
  await expect.poll(() => names(page)).toEqual(['one', 'three', 'two'])
})

test('jobs are grouped by project, below its name', async () => {
  const page = await open('/?sort=name')
  await page.getByRole('checkbox', { name: 'by project' }).check()
  await page.waitForURL(/group=project/)
  await expect.poll(() => names(page)).toEqual(['one', 'two', 'three'])
  expect(await page.locator('tr.group').allInnerTexts()).toEqual(['asr', 'qa'])
  await page.locator('tr.group').getByText('qa').click()
  await expect.poll(() => names(page)).toEqual(['three'])
})

test('no width from 320 to 1920 px makes the page scroll sideways, for any names of columns', async () => {
  const columns = ['best:eval_f1', `last:${LONG}`, 'config:learning_rate', 'config:seed']
  const query = columns.map((column) => `column=${encodeURIComponent(column)}`).join('&')
  for (const width of [320, 640, 900, 1280, 1920]) {
    const page = await open(`/?${query}&group=project`, width)
    const beside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect([width, beside]).toEqual([width, 0])
    if (width === 320 || width === 1280) {
      await page.getByRole('button', { name: 'Columns' }).click()
      await page.getByRole('checkbox').nth(6).waitFor()
    }
  }
})
