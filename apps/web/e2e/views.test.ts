import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
  for (const name of ['one', 'two']) await new Run(site.db, name).begin({}, name)
})
afterAll(() => site[Symbol.asyncDispose]())

test('a view is saved by name for everybody, opened again, and removed', async () => {
  const name = `view ${'x'.repeat(95)}`
  const page = await (await site.visitor({ viewport: { width: 320, height: 800 } })).newPage()
  await goLive(page, '/?project=two&sort=name&column=config:seed')
  await page.getByRole('button', { name: 'Save view' }).click()
  await page.getByLabel(/^Name/).fill(name)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('navigation', { name: 'saved views' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)

  const other = await (await site.visitor()).newPage()
  await goLive(other, '/')
  const link = other.getByRole('navigation', { name: 'saved views' }).getByTitle(name)
  await link.click()
  await other.waitForURL(/project=two&sort=name&column=config%3Aseed/)
  expect(await other.locator('tbody .name a').allTextContents()).toEqual(['two'])
  expect(await link.getAttribute('aria-current')).toBe('page')
  await other.getByRole('button', { name: 'Save view' }).click()
  await other.getByRole('button', { name: `remove ${name}` }).click()
  await other.getByRole('navigation', { name: 'saved views' }).waitFor({ state: 'hidden' })
  await page.reload()
  await page.getByRole('button', { name: 'Save view' }).waitFor()
  expect(await page.getByTitle(name).count()).toBe(0)
})
