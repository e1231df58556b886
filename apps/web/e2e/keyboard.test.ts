import { advanceDeployment, listDeployments } from '@bestmark/db'
import { TrainingEvent } from '@bestmark/core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepsFocus, pressOn, tabTo } from './keyboard.ts'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, isLive, openSite, type Site } from './site.ts'

/** How long a journey may take on a busy machine. */
const PATIENT = { timeout: 120_000 }

let site: Site
let job: string

beforeAll(async () => {
  site = await openSite()
  const one = await new Run(site.db, 'moby').begin()
  for (const [index, loss] of [3, 2.2, 2.6].entries()) {
    const step = 100 * (index + 1)
    const text = { type: 'sample', attempt: 0, at: 1, step, kind: 'text', text: `number ${step}` }
    await one.record(metrics(step, loss), evaluation(step, loss, { eval_f1: index / 10 }))
    await one.record(checkpoint(step), TrainingEvent.parse({ ...text, prompt_index: 0 }))
  }
  await (await new Run(site.db, 'whale').begin()).train([3, 2.6])
  job = `/jobs/${one.job_id}`
})
afterAll(() => site[Symbol.asyncDispose]())

async function newPage(path: string): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width: 1280, height: 800 } })).newPage()
  await goLive(page, path)
  return page
}

/** A tab is reached with the arrow keys from the open one. */
async function openTab(page: Page, name: RegExp): Promise<void> {
  const tab = page.getByRole('tab', { name })
  await tabTo(page, page.getByRole('tab', { selected: true }))
  const has = () => tab.evaluate((element) => element === document.activeElement)
  for (let left = 6; left > 0 && !(await has()); left--) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name, selected: true }).waitFor()
}

const buttonOn = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

/** Ends the newest order as its agent would. */
async function endNewest(): Promise<void> {
  const [order] = await listDeployments(site.db, {})
  const { job_id, deployment_id } = order!
  const end = { status: 'done', absolute_path: `/models/${deployment_id}` } as const
  await advanceDeployment(site.db, { job_id, deployment_id, ...end, bytes_done: 1, bytes_total: 1 })
}

test(
  'by keys from the list through a filter and a choice to a comparison and its deployment',
  PATIENT,
  async () => {
    const page = await newPage('/')
    await page.keyboard.press('/')
    await page.keyboard.type('a')
    await page.waitForURL(/search=a/)
    await page.keyboard.press('Escape')
    await pressOn(page, page.getByRole('checkbox', { name: /whale/ }), 'Space')
    await page.getByText('1 selected').waitFor()
    await pressOn(page, buttonOn(page, 'Clear'))
    await keepsFocus(page, 'Clear')
    await pressOn(page, page.getByRole('checkbox', { name: /whale/ }), 'Space')
    await page.keyboard.press('/')
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await page.waitForURL((url) => !url.searchParams.get('search'))
    await pressOn(page, page.getByRole('checkbox', { name: /moby/ }), 'Space')
    await pressOn(page, page.getByRole('link', { name: 'Compare', exact: true }))
    await page.waitForURL(/compare\?jobs=/)
    await isLive(page)
    await pressOn(page, buttonOn(page, 'Deploy step 200'))
    const dialog = page.getByRole('dialog', { name: 'Deploy' })
    await tabTo(page, dialog.getByLabel('your name'))
    await page.keyboard.type('ana')
    await pressOn(page, dialog.getByRole('button', { name: 'Ship step 200 to models/moby' }))
    await dialog.getByText('waiting for the agent').waitFor()
    await keepsFocus(page, 'Ship')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await keepsFocus(page, 'the dialog')
    await endNewest()
  },
)

test('by keys through the chart, the table and the dialog of a job', PATIENT, async () => {
  const page = await newPage(job)
  const chart = page.getByRole('slider', { name: 'loss by step' })
  await pressOn(page, chart, 'b')
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^step 200: .*the best checkpoint$/)
  await page.keyboard.press('+')
  await page.waitForURL(/window=/)
  await keepsFocus(page, 'zoom')
  await page.keyboard.press('0')
  await page.waitForURL((url) => !url.search.includes('window'))
  await tabTo(page, page.locator('tbody').getByRole('radio', { checked: true }))
  await page.keyboard.press('ArrowDown')
  const chosen = page.locator('tbody').getByRole('radio', { checked: true })
  await tabTo(page, chosen)
  await pressOn(page, buttonOn(page, /^Deploy (step|this)/).first())
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await tabTo(page, dialog.getByRole('radio', { checked: true, name: /^step/ }))
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await keepsFocus(page, 'the dialog')
})

test('by keys through the grid of metrics: search, pin, full screen', PATIENT, async () => {
  const page = await newPage(job)
  await openTab(page, /^Metrics/)
  await tabTo(page, page.getByRole('searchbox', { name: 'find metrics' }))
  await page.keyboard.type('eval_f1')
  await pressOn(page, buttonOn(page, 'pin eval_f1'))
  await page.waitForURL(/pin/)
  await keepsFocus(page, 'pin')
  await pressOn(page, buttonOn(page, 'full screen eval_f1'))
  const dialog = page.locator('dialog[open]')
  await tabTo(page, dialog.getByRole('slider'))
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await keepsFocus(page, 'full screen')
})

test('by keys through the samples', PATIENT, async () => {
  const page = await newPage(job)
  await openTab(page, /^Samples/)
  await pressOn(page, page.getByRole('listbox', { name: /^samples by step/ }), 'ArrowLeft')
  await page.waitForURL(/right=/)
  await keepsFocus(page, 'another step')
})

test('by keys a rule of the alerts is made, changed and removed', PATIENT, async () => {
  const page = await newPage('/')
  await pressOn(page, page.getByRole('link', { name: 'Alerts' }))
  await pressOn(page, buttonOn(page, 'Add rule'))
  const dialog = page.locator('dialog[open]')
  await tabTo(page, dialog.getByLabel(/Address of the webhook/))
  await page.keyboard.type('https://hooks.slack.com/services/T0/B0/part')
  await pressOn(page, dialog.getByRole('button', { name: 'Save' }))
  await dialog.waitFor({ state: 'hidden' })
  await keepsFocus(page, 'Save')
  await pressOn(page, buttonOn(page, /^Edit/))
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await keepsFocus(page, 'Edit')
  await pressOn(page, buttonOn(page, /^Remove/))
  await page.getByText('There are no rules yet').waitFor()
  await keepsFocus(page, 'Remove')
})

test('by keys a model name is given, and jobs are archived with undo', PATIENT, async () => {
  const page = await newPage(job)
  await pressOn(page, buttonOn(page, 'Deploy this checkpoint'))
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await tabTo(page, dialog.getByLabel('model name'))
  await tabTo(page, dialog.getByLabel('your name'))
  await page.keyboard.type('ana')
  await tabTo(page, dialog.getByRole('radio', { checked: true, name: /^step/ }))
  await page.keyboard.press('Escape')
  await goLive(page, '/')
  await pressOn(page, page.getByRole('checkbox', { name: /whale/ }), 'Space')
  await pressOn(page, buttonOn(page, 'Archive'))
  const undo = buttonOn(page, 'Undo')
  await undo.waitFor()
  await keepsFocus(page, 'Archive')
  await pressOn(page, undo)
  await page.getByRole('checkbox', { name: /whale/ }).waitFor()
  await keepsFocus(page, 'Undo')
})
