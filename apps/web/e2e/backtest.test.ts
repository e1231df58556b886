import { text } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** A finished run whose F1 still improves after its loss starts to rise. */
async function finished(name: string, project: string, ahead: number): Promise<void> {
  const run = await new Run(site.db, name).begin({ project }, project)
  const steps = [100, 200, 300, 400, 500]
  const events = steps.flatMap((step, index) => [
    metrics(step, 1 / (index + 1)),
    evaluation(step, 1 + Math.abs(index - 2), { eval_f1: 0.5 + ahead / 100 + index / 20 }),
    checkpoint(step),
  ])
  await run.record(...events, ended('completed'))
}

async function visit(path: string): Promise<Page> {
  const page = await (await site.visitor()).newPage()
  await page.goto(path)
  return page
}

test('a board without finished runs says how to get some', async () => {
  const page = await visit('/')
  await page.getByRole('link', { name: 'Backtest' }).click()
  await page.getByRole('heading', { name: 'Backtest' }).waitFor()
  await page.getByText('there is nothing to replay yet').waitFor()
  expect(await page.getByText('./bestmark import').count()).toBe(1)
})

test('finished runs are replayed, for the board or a project, and the address holds the options', async () => {
  for (const [ahead, project] of ['one', 'two', 'three'].entries()) {
    await finished(`run of ${project}`, project, ahead)
  }
  const page = await visit('/backtest')
  const policies = page.getByRole('table', { name: 'Policies and baselines' })
  const last = policies.getByRole('row', { name: /^last baseline/ })
  expect(await last.innerText()).toMatch(/0\.000\s+0\.000\s+100 %\s+3/)
  await page.getByRole('combobox', { name: 'target metric' }).selectOption('eval_f1')
  await page.waitForURL(/target=eval_f1/)
  await page.getByLabel('project').fill('two')
  await page.getByLabel('project').press('Enter')
  await page.waitForURL(/target=eval_f1.*project=two/)
  const runs = page.getByRole('table', { name: 'Run by run' })
  await runs.getByRole('row', { name: /^run of two/ }).waitFor()
  expect(await runs.getByRole('row').count()).toBe(2)
})

test('on a phone only the table of runs scrolls sideways, and the console stays empty', async () => {
  const context = await site.visitor({ viewport: { width: 390, height: 800 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto('/backtest')
  await page.getByRole('table', { name: 'Run by run' }).waitFor()
  const beside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect({ beside, complaints }).toEqual({ beside: 0, complaints: [] })
})

test('an unknown project and an unknown metric get a message', async () => {
  const nobody = await visit('/backtest?project=nobody')
  await nobody.getByText('No finished run of nobody measured anything').waitFor()
  const page = await visit('/backtest?target=eval_nothing')
  const message = await page.getByRole('alert').innerText()
  expect(message).toContain('eval_nothing')
  expect(message).toContain('eval_f1 (3)')
})

test('the backtest can be downloaded as CSV and JSON', async () => {
  const page = await visit('/backtest?target=eval_f1')
  for (const [name, begins] of [
    [/^CSV/, 'group,run,target,'],
    ['JSON', '{\n  "target": "eval_f1"'],
  ] as const) {
    const loading = page.waitForEvent('download')
    await page.getByRole('link', { name }).click()
    const file = await loading
    expect(file.suggestedFilename()).toMatch(/^backtest-eval_f1\.(csv|json)$/)
    expect(await text(await file.createReadStream())).toContain(begins)
  }
  const wrong = await page.request.get('/backtest/download?format=xls')
  expect([wrong.status(), await wrong.text()]).toEqual([400, expect.stringContaining('format=csv')])
})
