import { deleteJobs, jobStatus } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
const ids: Record<string, string> = {}

beforeAll(async () => {
  site = await openSite()
  for (const name of ['one', 'two', 'three', 'four']) {
    const run = await (await new Run(site.db, name).begin()).train([3, 2])
    if (name !== 'four') await run.record(ended('completed'))
    ids[name] = run.job_id
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function open(path: string, width = 1280): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width, height: 800 } })).newPage()
  await goLive(page, path)
  return page
}

const names = (page: Page) => page.locator('tbody .name a').allTextContents()
const bar = (page: Page) => page.getByRole('region', { name: 'chosen jobs' })

async function tick(page: Page, ...jobs: string[]): Promise<void> {
  for (const job of jobs) await page.getByRole('checkbox', { name: `select ${job}` }).check()
}

test('ticked jobs are tagged together, and the list shows those of a tag', async () => {
  const page = await open('/?sort=name')
  await tick(page, 'one', 'two')
  await bar(page).getByRole('button', { name: 'Tag' }).click()
  await page.getByLabel('Add, separated by commas').fill('lora, r16')
  await page.getByRole('button', { name: 'Save tags' }).click()
  await page.getByText('Tags of 2 jobs changed.').waitFor()
  await page.getByLabel('tag', { exact: true }).fill('lora')
  await page.getByLabel('tag', { exact: true }).press('Enter')
  await page.waitForURL(/tag=lora/)
  await expect.poll(() => names(page)).toEqual(['one', 'two'])
  await page.getByRole('checkbox', { name: 'select two' }).uncheck()
  await bar(page).getByRole('button', { name: 'Tag' }).click()
  await page.getByRole('dialog').getByRole('checkbox', { name: 'lora' }).check()
  await page.getByRole('button', { name: 'Save tags' }).click()
  await expect.poll(() => names(page)).toEqual(['two'])
})

test('an archived job leaves the list, is listed in the archive, and comes back with undo', async () => {
  const page = await open('/?sort=name')
  await tick(page, 'one')
  await bar(page).getByRole('button', { name: 'Archive' }).click()
  await page.getByText('1 job archived.').waitFor()
  expect(await names(page)).not.toContain('one')
  const archive = await open('/?shelf=archived')
  expect(await names(archive)).toEqual(['one'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => names(page)).toContain('one')
  // The other page gets the change without a request.
  await archive.getByText('No job matches').waitFor()
})

test('a running job is not deleted, an ended one is, and it can be restored from its list', async () => {
  const page = await open('/?sort=name')
  await tick(page, 'three', 'four')
  await bar(page).getByRole('button', { name: 'Delete' }).click()
  await page.getByText('four is running. Stop it before you delete it.').waitFor()
  await page.getByRole('checkbox', { name: 'select four' }).uncheck()
  await bar(page).getByRole('button', { name: 'Delete' }).click()
  await page.getByText('1 job deleted. No file was touched.').waitFor()
  expect(await names(page)).not.toContain('three')
  await page.getByLabel('show').selectOption('deleted')
  await expect.poll(() => names(page)).toEqual(['three'])
  await tick(page, 'three')
  await bar(page).getByRole('button', { name: 'Restore' }).click()
  await page.getByText('1 job restored.').waitFor()
  expect(await jobStatus(site.db, ids['three']!)).toMatchObject({
    deleted_at: null,
    best_step: 200,
  })
})

test("a job's name, tags and note are edited on its page, which says that it was deleted", async () => {
  const page = await open(`/jobs/${ids['two']}`)
  const name = `two-${'x'.repeat(296)}`
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Tags, separated by commas').fill('adapter')
  await page.getByLabel('Note').fill('Warm restart\nwith a lower rate')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('heading', { name }).waitFor()
  await page.locator('header').getByText('Warm restart').waitFor()
  await page.locator('header').getByTitle('adapter').waitFor()
  const note = 'Warm restart\nwith a lower rate'
  expect(await jobStatus(site.db, ids['two']!)).toMatchObject({ name, note, tags: ['adapter'] })
  await deleteJobs(site.db, [ids['two']!])
  await page.getByRole('note', { name: 'deleted' }).waitFor()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('note', { name: 'deleted' }).waitFor({ state: 'hidden' })
})

test('on the narrowest phone nothing scrolls sideways', async () => {
  for (const path of ['/', `/jobs/${ids['two']}`]) {
    const page = await open(path, 320)
    const box = page.getByRole('checkbox', { name: 'select four' })
    if (path === '/') await box.check()
    else await page.getByRole('button', { name: 'Edit' }).click()
    const beside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect([path, beside]).toEqual([path, 0])
  }
})
