import { jobStatus, listDeployments } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run
beforeAll(async () => {
  site = await openSite()
  run = await (await new Run(site.db, 'moby').begin()).train([3, 2.2, 2.6])
  await run.record(ended('completed'))
})
afterAll(() => site[Symbol.asyncDispose]())

/** A page in a browser of its own. */
async function newPage(path: string): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width: 1280, height: 800 } })).newPage()
  page.on('pageerror', (error) => {
    throw error
  })
  await goLive(page, path)
  return page
}

const both = <Result>(pages: readonly Page[], work: (page: Page, at: number) => Promise<Result>) =>
  Promise.all(pages.map(work))

test('two people who ship to one model at the same time both see it, and the ledger keeps both', async () => {
  const pages = [await newPage(`/jobs/${run.job_id}`), await newPage(`/jobs/${run.job_id}`)]
  await both(pages, async (page, at) => {
    await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
    await page
      .getByRole('dialog')
      .getByLabel('your name')
      .fill(['ana', 'ben'][at] ?? '')
  })
  await both(pages, async (page) => {
    await page.getByRole('button', { name: 'Ship step 200 to models/moby' }).click()
    await page.getByRole('dialog').getByText('waiting for the agent').waitFor()
  })
  const ledger = await listDeployments(site.db, { model_name: 'moby' })
  expect(ledger.map(({ by }) => by).sort()).toEqual(['ana', 'ben'])
})

test('Undo takes back its own change only, also after another browser changed the job', async () => {
  const [one, other] = [await newPage('/'), await newPage(`/jobs/${run.job_id}`)]
  await one.getByRole('checkbox', { name: 'select moby' }).check()
  await one.getByRole('button', { name: 'Archive' }).click()
  await one.getByText('1 job archived.').waitFor()
  await other.getByRole('button', { name: 'Edit' }).click()
  const dialog = other.getByRole('dialog')
  await dialog.getByLabel(/^tags/i).fill('kept')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await one.getByRole('button', { name: 'Undo' }).click()
  await one.getByRole('link', { name: 'moby' }).waitFor()
  const status = await jobStatus(site.db, run.job_id)
  expect(status).toMatchObject({ archived_at: null, tags: ['kept'] })
})
