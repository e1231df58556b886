import { TrainingEvent } from '@bestmark/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

/** More than the page reads at first, and more than a chart shows. */
const SAVED = 1_300
const BEST = 777

let site: Site
let run: Run

beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'many-saves').begin()
  const events = Array.from({ length: SAVED }, (_, index) => {
    const step = index + 1
    const values = { eval_loss: 1 + Math.abs(step - BEST) / 100 }
    const lines = [
      { type: 'evaluation', step, values },
      { type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' },
    ]
    return lines.map((line) => TrainingEvent.parse({ attempt: 0, ...line }))
  })
  await run.record(...events.flat())
})
afterAll(() => site[Symbol.asyncDispose]())

test('the page of a job with many checkpoints holds the best ones, and reads more when asked', async () => {
  const context = await site.visitor()
  const html = await (await context.request.get(`/jobs/${run.job_id}`)).text()
  expect(html).toContain(`checkpoint-${BEST}`)
  // Step 200 is ranked after the first 1,000.
  expect(html).not.toContain('checkpoint-200"')
  const page = await context.newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const rows = page.getByRole('table', { name: 'Checkpoints' }).locator('tbody tr')
  expect(await rows.count()).toBe(20)
  expect(await page.locator('[data-best]').count()).toBe(1)
  await page.getByRole('button', { name: 'Show 500 more of 1,300' }).click()
  await expect.poll(() => rows.count()).toBe(520)
  await page.getByRole('button', { name: 'Show 500 more of 1,300' }).click()
  await page.getByRole('button', { name: 'Show all 1,300' }).click()
  await expect.poll(() => rows.count()).toBe(SAVED)
  await page.getByRole('radio', { name: 'step 200', exact: true }).check()
  await page.getByText('You chose step 200; the best is step 777.').waitFor()
})

test('the reports list all checkpoints or say how many they leave out', async () => {
  const context = await site.visitor()
  const read = async (format: string) =>
    (await context.request.get(`/jobs/${run.job_id}/report.${format}`)).text()
  const report = JSON.parse(await read('json')) as {
    checkpoints: { step: number }[]
    selection: { ranking: unknown[] }
  }
  expect(report.checkpoints.map(({ step }) => step)).toEqual(
    Array.from({ length: SAVED }, (_, index) => index + 1),
  )
  expect(report.selection.ranking).toHaveLength(SAVED)
  expect(await read('md')).toContain('1270 more are not listed.')
})
