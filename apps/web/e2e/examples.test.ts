import { claimExample } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

test('examples are marked as examples, and one click removes them and nothing else', async () => {
  const { db } = site
  await (await new Run(db, 'my-own').begin()).train([3, 2])
  for (const name of ['trap', 'split']) {
    const { job_id } = await (await new Run(db, name).begin({}, 'examples')).train([2, 3])
    await claimExample(db, job_id)
  }
  const page = await (await site.visitor()).newPage()
  await goLive(page, '/')
  await page.getByText('split and trap were recorded from small real runs').waitFor()
  await page.getByRole('button', { name: 'Remove the examples' }).click()
  await page.getByRole('link', { name: 'trap' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'my-own' }).waitFor()
  expect(await page.getByRole('link', { name: 'split' }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Remove the examples' }).count()).toBe(0)
})

test('the page and the report of an example say that it is one, and those of other jobs do not', async () => {
  const { db } = site
  const run = await (await new Run(db, 'mine').begin()).train([3, 2])
  const example = await (await new Run(db, 'story').begin({}, 'examples')).train([2, 3])
  await claimExample(db, example.job_id)
  const page = await (await site.visitor()).newPage()
  for (const suffix of ['', '/report']) {
    await page.goto(`${site.url}/jobs/${example.job_id}${suffix}`)
    await page.getByText('Its weights are placeholders.').waitFor()
    expect(await page.getByText(/recorded example/i).count()).toBe(1)
    await page.goto(`${site.url}/jobs/${run.job_id}${suffix}`)
    await page.getByText('mine', { exact: true }).first().waitFor()
    expect(await page.getByText(/recorded example/i).count()).toBe(0)
  }
})
