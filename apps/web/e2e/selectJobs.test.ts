import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
const ids: string[] = []

beforeAll(async () => {
  site = await openSite()
  for (const [at, name] of ['one', 'two', 'three', 'four'].entries()) {
    const run = await (await new Run(site.db, name).begin()).train([3, 2 + at / 10])
    ids.push(run.job_id)
  }
})
afterAll(() => site[Symbol.asyncDispose]())

test('ticked jobs of the list are compared, and their rows still open the job', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  expect(await page.getByRole('region', { name: 'chosen jobs' }).count()).toBe(0)
  await page.getByRole('checkbox', { name: 'select one' }).check()
  await page.getByRole('checkbox', { name: 'select three' }).check()
  await page.getByText('2 selected').waitFor()
  await page.getByRole('link', { name: 'Compare' }).click()
  await page.waitForURL(/\/compare\?jobs=/)
  expect(new URL(page.url()).searchParams.get('jobs')).toBe(`${ids[0]},${ids[2]}`)
  await page.getByText(/^one step 200 is best/).waitFor()
  await page.goto('/')
  await page.getByRole('link', { name: 'two' }).click()
  await page.waitForURL(`**/jobs/${ids[1]}`)
})

test('Shift ticks a range, one box ticks the whole page, and one click clears all', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/?sort=name')
  await page.getByRole('checkbox', { name: 'select four' }).click()
  await page.getByRole('checkbox', { name: 'select three' }).click({ modifiers: ['Shift'] })
  await page.getByText('3 selected').waitFor()
  await page.getByRole('checkbox', { name: 'select all jobs of this page' }).check()
  await page.getByText('4 selected').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0)
})

test('on the narrowest phone the boxes fit, and the bar does not scroll sideways', async () => {
  const context = await site.visitor({ viewport: { width: 320, height: 700 } })
  const page = await context.newPage()
  await goLive(page, '/')
  await page.getByRole('checkbox', { name: 'select one' }).check()
  const beside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(beside).toBe(0)
})
