import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** A classifier without a declaration: its loss is lowest at step 200, its F1 best at step 300. */
async function classifier(name: string, project: string): Promise<Run> {
  const run = await new Run(site.db, name).begin({ project }, project)
  for (const [step, eval_loss, eval_f1] of [
    [100, 0.7, 0.6],
    [200, 0.4, 0.7],
    [300, 0.5, 0.8],
  ] as const) {
    await run.record(
      metrics(step, eval_loss),
      evaluation(step, eval_loss, { eval_f1 }),
      checkpoint(step),
    )
  }
  await run.record(ended('completed'))
  return run
}

async function visit(run: Run): Promise<Page> {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  return page
}

const card = (page: Page) => page.getByRole('region', { name: 'Best checkpoint' })
const dialog = (page: Page) => page.getByRole('dialog', { name: 'What decides' })
const change = (page: Page) => page.getByRole('button', { name: 'Change what decides' })

test('a new policy in one tab changes the best in another, with the name of the person', async () => {
  const run = await classifier('alone', 'single')
  const [here, there] = [await visit(run), await visit(run)]
  await card(there).getByText('step 200', { exact: false }).first().waitFor()

  await change(here).click()
  const choice = dialog(here)
  await choice.getByText('No changes yet.').waitFor()
  await choice.getByRole('radio', { name: 'A metric' }).check()
  await choice.getByRole('combobox', { name: 'metric' }).selectOption('eval_f1')
  await choice.getByText('It would choose step 300 (eval_f1 0.8000) instead of step 200.').waitFor()
  await choice.getByLabel('your name, shown in the history').fill('ana')
  await choice.getByRole('button', { name: 'Let eval_f1 decide' }).click()
  await choice.waitFor({ state: 'hidden' })

  for (const page of [here, there]) {
    await page.locator('[data-best="300"]').waitFor()
    await card(page)
      .getByText(/by ana, \d+ \w+ \d{4}/)
      .first()
      .waitFor()
  }
  await change(there).click()
  await there.getByText('eval_f1, higher is better for this job, by ana').waitFor()
})

test('a job returns to its project’s policy, and a change of the project reaches its jobs', async () => {
  const [first, second] = [await classifier('one', 'both'), await classifier('two', 'both')]
  const [here, there] = [await visit(first), await visit(second)]
  await change(here).click()
  await dialog(here).getByRole('radio', { name: 'A metric' }).check()
  await here.getByRole('combobox', { name: 'metric' }).selectOption('eval_f1')
  await dialog(here)
    .getByRole('radio', { name: /^all jobs of the project “both”/ })
    .check()
  await here.getByLabel('your name, shown in the history').fill('bo')
  await here.getByRole('button', { name: 'Let eval_f1 decide' }).click()
  for (const page of [here, there]) await page.locator('[data-best="300"]').waitFor()

  await change(there).click()
  await dialog(there)
    .getByRole('radio', { name: /^Lowest eval_loss/ })
    .check()
  await dialog(there).getByRole('radio', { name: 'this job' }).check()
  await there.getByLabel('your name, shown in the history').fill('cy')
  await there.getByRole('button', { name: 'Let the lowest eval_loss decide' }).click()
  await there.getByText('The best, step 200, is preselected.').waitFor()
  await change(there).click()
  expect(await there.getByLabel('your name, shown in the history').inputValue()).toBe('cy')
  await there.getByText('lowest eval_loss for this job, by cy').waitFor()
  await there
    .getByText('eval_f1, higher is better for all jobs of the project “both”, by bo')
    .waitFor()
  await there.getByRole('button', { name: 'Use the project’s policy' }).click()
  await there.locator('[data-best="300"]').waitFor()
})

test('a project’s question is answered once, and disappears on its other jobs', async () => {
  const [first, second] = [await classifier('asked', 'team'), await classifier('spared', 'team')]
  const [page, other] = [await visit(first), await visit(second)]
  const question = 'Which metric decides?'
  await other.getByText(question).waitFor()
  await page.getByText(question).waitFor()
  // The card says why, so the question does not.
  expect(await page.getByText(/does not say which metric decides/).count()).toBe(1)
  await page.getByRole('button', { name: /^eval_f1 step 300/ }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('dee')
  await page.keyboard.press('Enter')
  await page.getByText('eval_f1 now decides for all jobs of the project “team”').waitFor()
  for (const one of [page, other]) {
    await one.locator('[data-best="300"]').waitFor()
    await one.getByText(question).waitFor({ state: 'detached' })
    await card(one)
      .getByText(/[Cc]hosen by dee.* for runs that declare no metric/)
      .first()
      .waitFor()
  }
  await other.reload()
  await card(other).waitFor()
  expect(await other.getByText(question).count()).toBe(0)
})

test('scores after training have columns, and a question appears if they pick another checkpoint', async () => {
  const run = await new Run(site.db, 'scored').begin({
    ...{ metric_for_best: 'eval_loss', direction: 'min', declared_by: 'the test' },
  })
  await run.train([2, 2.5, 3])
  for (const [step, mmlu] of [
    [100, 0.4],
    [300, 0.6],
  ] as const) {
    const score = { values: { mmlu, test_acc: 1 - mmlu }, scored_by: 'ana', samples: 50 }
    await run.record({ ...evaluation(step, 0), ...score, directions: { mmlu: 'max' } })
  }
  const page = await visit(run)
  const table = page.getByRole('table', { name: 'Checkpoints' })
  await table.getByRole('columnheader', { name: 'mmlu' }).waitFor()
  await table.getByRole('columnheader', { name: 'test_acc' }).waitFor()
  expect(await table.getByRole('row', { name: /^\d+ step 300/ }).innerText()).toContain('0.6000')
  await page.getByText(/^Scores measured after training pick another checkpoint\. /).waitFor()
  await page.getByRole('button', { name: /^mmlu step 300/ }).click()
  await page.getByLabel('your name, shown in the history').fill('dee')
  await page.getByRole('button', { name: 'Let mmlu decide' }).click()
  await page.locator('[data-best="300"]').waitFor()
  expect(await page.getByText('pick another checkpoint').count()).toBe(0)
  await page.goto(`/jobs/${run.job_id}/report`)
  const choice = page.getByRole('table', { name: 'The choice' })
  await choice.getByRole('columnheader', { name: 'test_acc' }).waitFor()
})

test('the dialog works by keyboard, returns the focus, and shows the error of the board', async () => {
  const page = await visit(await classifier('keys', 'keyboard'))
  await change(page).focus()
  await page.keyboard.press('Enter')
  const choice = dialog(page)
  await choice.getByRole('radio', { name: /^As declared/, checked: true }).waitFor()
  await page.keyboard.press('ArrowDown')
  await choice.getByRole('radio', { name: /^Lowest eval_loss/, checked: true }).waitFor()
  await choice.getByLabel('your name, shown in the history').fill('   ')
  await page.keyboard.press('Enter')
  await choice.getByRole('alert').getByText('Give a name').waitFor()
  await page.keyboard.press('Escape')
  await choice.waitFor({ state: 'hidden' })
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toMatch(/^Change/)
})
