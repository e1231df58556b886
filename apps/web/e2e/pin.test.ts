import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'moby-char-lm').begin()
  await run.train([3, 2.5, 2.23, 2.4])
})
afterAll(() => site[Symbol.asyncDispose]())

async function openJob() {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  return page
}

const pinned = () => site.db.sql`select step from checkpoints where pinned order by step`

test('a checkpoint is pinned by keyboard, and every open page shows the pin', async () => {
  const [page, other] = [await openJob(), await openJob()]
  const pin = { name: 'keep step 200' }
  await page.getByRole('button', pin).focus()
  await page.keyboard.press('Enter')
  for (const one of [page, other]) {
    await one.getByRole('button', { ...pin, pressed: true }).waitFor()
  }
  expect(await page.getByTitle('Pinned: prune keeps it').count()).toBe(1)
  expect(await pinned()).toMatchObject([{ step: 200 }])
  expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(pin.name)
  await page.keyboard.press('Space')
  await other.getByRole('button', { ...pin, pressed: false }).waitFor()
  expect(await pinned()).toEqual([])
})

test('a pin that did not reach the board shows a message in its row', async () => {
  const page = await openJob()
  await page.route('**/trpc/checkpoints.pin*', (route) => route.abort())
  await page.getByRole('button', { name: 'keep step 400' }).click()
  const row = page.getByRole('row', { name: /step 400/ })
  await row.getByRole('alert').waitFor()
  expect(await pinned()).toEqual([])
  await page.unroute('**/trpc/checkpoints.pin*')
  await page.getByRole('button', { name: 'keep step 400' }).click()
  await page.getByRole('button', { name: 'keep step 400', pressed: true }).waitFor()
  expect(await row.getByRole('alert').count()).toBe(0)
})
