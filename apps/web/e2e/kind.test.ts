import { recordFacts } from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

test('the page, the deploy dialog and the report name a checkpoint that cannot be served as it is', async () => {
  const run = await new Run(site.db, 'lora').begin()
  const adapter = { ...checkpoint(100), kind: 'adapter', base: 'gpt2', digest: 'abc123' } as const
  const shards = { ...checkpoint(200), kind: 'sharded' } as const
  await recordFacts(site.db, run.job_id, [evaluation(100, 1), adapter, evaluation(200, 2), shards])
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const table = page.getByRole('table', { name: 'Checkpoints' })
  const cell = (step: number) => table.getByRole('row', { name: `step ${step}` }).locator('.files')
  expect(await cell(100).innerText()).toBe('complete, adapter of gpt2')
  expect(await cell(100).getAttribute('title')).toBe('SHA-256 abc123')
  expect(await cell(200).innerText()).toBe('complete, in shards')
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  const hint = 'This is an adapter. Serve it together with gpt2.'
  await dialog.getByText(hint).waitFor()
  await dialog.getByRole('radio', { name: /step 200/ }).check()
  await dialog.getByText('Merge them before you serve it').waitFor()
  await page.goto(`/jobs/${run.job_id}/report`)
  expect(await page.getByText(hint).count()).toBe(1)
  expect(await page.getByText('Its SHA-256 is abc123').count()).toBe(1)
  const choice = page.getByRole('table', { name: 'The choice' })
  expect(await choice.innerText()).toContain('complete, in shards')
})
