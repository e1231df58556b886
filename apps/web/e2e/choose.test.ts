import { advanceDeployment, listDeployments } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'moby-char-lm').begin()
  await run.train([3, 2.5, 2.23, 2.4, 2.9])
})
afterAll(() => site[Symbol.asyncDispose]())

async function openJob() {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  return page
}

test('the list leads to the job, where the best checkpoint is selected', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/')
  const row = page.getByRole('row', { name: /moby-char-lm/ })
  expect(await row.innerText()).toMatch(/2\.230.*@300/s)
  await row.getByRole('link').click()
  await page.waitForURL(`/jobs/${run.job_id}`)
  const best = page.getByRole('row', { name: /step 300/ })
  await best.getByRole('radio', { checked: true }).waitFor()
  expect(await page.getByText('The best, step 300, is preselected.').count()).toBe(1)
  expect(await page.locator('[data-best="300"]').count()).toBe(1)
})

test('the deploy dialog selects the same checkpoint, and says what it will do', async () => {
  const page = await openJob()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByRole('radio', { name: /step 300/, checked: true }).waitFor()
  expect(await focused(page)).toContain('step 300')
  expect(await dialog.innerText()).toContain('Copies step 300, the best, to models/moby-char-lm')
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 300 to models/moby-char-lm' }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  expect(await focused(page)).toBe('Close')
  const rows = await listDeployments(site.db, { job_id: run.job_id })
  expect(rows).toMatchObject([
    { model_name: 'moby-char-lm', status: 'queued', is_best: true, by: 'ana', why: null },
  ])
})

test('the table and the dialog show what each other metric would choose', async () => {
  const other = await new Run(site.db, 'two-minds').begin()
  for (const [index, loss] of [3, 2.2, 2.4, 2.6].entries()) {
    const step = 100 * (index + 1)
    const scores = { eval_f1: 0.5 + index / 10, eval_mae: 0.4 - index / 20 }
    await other.record(metrics(step, loss), evaluation(step, loss, scores), checkpoint(step))
  }
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${other.job_id}`)
  const table = page.getByRole('table', { name: 'Checkpoints' })
  for (const name of [/^eval_f1.*highest.*step 400$/, /^eval_mae.*lowest.*step 400$/]) {
    await table.getByRole('columnheader', { name }).waitFor()
  }
  const row = table.getByRole('row', { name: /keep step 400/ })
  const cells = row.getByRole('cell')
  await cells.filter({ hasText: 'highest eval_f1 0.8000' }).first().waitFor()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog
    .getByRole('radio', { name: /step 400 .*highest eval_f1 0\.8000 .*lowest eval_mae/ })
    .waitFor()
  await dialog.getByRole('radio', { name: /step 300 .*eval_f1 0\.7000/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.setViewportSize({ width: 360, height: 800 })
  expect(await row.innerText()).toMatch(/highest eval_f1 0\.8000/)
  expect((await row.boundingBox())?.height).toBeLessThan(110)
})

test('a pick in the dialog is lost when it closes, and kept when it is shipped', async () => {
  const page = await openJob()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  const pickNote = page.getByText(/^You chose step/)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  await dialog.getByRole('radio', { name: /step 200/ }).check()
  expect(await pickNote.count()).toBe(0)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('The best, step 300, is preselected.').waitFor()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  await dialog.getByRole('radio', { name: /step 300/, checked: true }).waitFor()
  await dialog.getByRole('radio', { name: /step 200/ }).check()
  await dialog.getByLabel('your name').fill('ana')
  const ship = dialog.getByRole('button', { name: 'Ship step 200 to models/moby-char-lm' })
  await ship.click()
  // The field of the reason is required, so nothing was ordered yet.
  await dialog.getByLabel('why step 200, and not the best, step 300').fill('shorter answers')
  await ship.click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.getByText('You chose step 200; the best is step 300.').waitFor()
  const [order] = await listDeployments(site.db, { job_id: run.job_id })
  expect(order).toMatchObject({ step: 200, is_best: false, by: 'ana', why: 'shorter answers' })
})

test('a best that arrives while the dialog is open is offered, and not taken by itself', async () => {
  const other = await new Run(site.db, 'improving').begin()
  await other.train([3, 2.5])
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${other.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByRole('button', { name: /^Ship step 200/ }).waitFor()
  await other.record(metrics(300, 1), evaluation(300, 2.1), checkpoint(300))
  await dialog.getByText('The best is now step 300.').waitFor()
  await dialog.getByRole('button', { name: /^Ship step 200/ }).waitFor()
  await dialog.getByLabel('why step 200, and not the best, step 300').waitFor()
  await dialog.getByRole('button', { name: 'Take step 300' }).click()
  await dialog.getByRole('button', { name: /^Ship step 300/ }).waitFor()
  expect(await dialog.getByLabel(/^why/).count()).toBe(0)
})

test('a failed deployment shows its reason where it was ordered', async () => {
  const page = await openJob()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByLabel('model name').fill('failing')
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: /^Ship step \d+ to models\/failing/ }).click()
  await dialog.getByText('waiting for the agent').waitFor()
  const [order] = await listDeployments(site.db, { model_name: 'failing' })
  const { job_id, deployment_id } = order!
  const advance = { job_id, deployment_id, bytes_done: 1, bytes_total: 2 }
  const error =
    'The copy of model.safetensors differs from the original, so nothing was shipped. Ship it again.'
  await advanceDeployment(site.db, { ...advance, status: 'failed', error })
  await dialog.getByText(`failed: ${error}`).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.getByText(`failed: ${error}`).filter({ visible: true }).waitFor()
})

test('an invalid model name gets a message with the rule', async () => {
  const page = await openJob()
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const name = page.getByRole('textbox', { name: 'model name' })
  await name.fill('My Model')
  expect(await name.getAttribute('aria-invalid')).toBe('true')
  const rule = page.locator(`#${await name.getAttribute('aria-describedby')}`)
  expect(await rule.innerText()).toContain('Lower-case letters, digits')
  expect(await page.getByRole('button', { name: /^Ship/ }).isDisabled()).toBe(true)
})

test('a person’s pick stays when the best changes, and the page says so', async () => {
  const other = await new Run(site.db, 'moving').begin()
  await other.train([3, 2.5, 2.4])
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${other.job_id}`)
  await page
    .getByRole('row', { name: /step 200/ })
    .getByRole('radio')
    .check()
  await page.getByText('You chose step 200; the best is step 300.').waitFor()
  await other.record(metrics(400, 1), evaluation(400, 2.1), checkpoint(400))
  await page.getByText('You chose step 200; the best is step 400.').waitFor()
  await page.getByRole('button', { name: 'Choose the best' }).click()
  await page
    .getByRole('row', { name: /step 400/ })
    .getByRole('radio', { checked: true })
    .waitFor()
})

test('a checkpoint without files cannot be chosen', async () => {
  const gone = await new Run(site.db, 'rotated').begin()
  await gone.train([3, 2.5])
  await gone.record({
    ...checkpoint(200),
    type: 'files',
    files_state: 'missing',
    files_why: 'deleted by save_total_limit',
  })
  await gone.record(ended('completed'))
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${gone.job_id}`)
  expect(
    await page
      .getByRole('row', { name: /step 200/ })
      .getByRole('radio')
      .isDisabled(),
  ).toBe(true)
  await page.getByText('The best, step 100, is preselected.').waitFor()
})

/** The name and role of the focused element, as a screen reader reads them. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    return (element?.closest('label') ?? element)?.textContent?.trim() ?? ''
  })
}
