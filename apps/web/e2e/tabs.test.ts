import { changePolicy } from '@bestmark/db'
import type { EventOf } from '@bestmark/core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

const LINES = 1_800
const logLine = (text: string, level: EventOf<'log'>['level'] = 'info'): EventOf<'log'> => {
  return { type: 'log', attempt: 0, at: null, step: null, level, text }
}

/** A run with a long output, with a traceback that is neither on its first nor on its last page. */
beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'talkative').begin()
  const lines = Array.from({ length: LINES }, (_, at) => logLine(`line ${at}`))
  lines[700] = logLine('Traceback (most recent call last):')
  lines[701] = logLine('torch.OutOfMemoryError: CUDA out of memory')
  lines[1_500] = logLine('The loss is NaN.', 'warning')
  await run.record(...lines, evaluation(100, 3), checkpoint(100))
  await run.record({
    ...{ type: 'setup', attempt: 0, at: null, config: { optimizer: { lr: 0.1 } } },
    environment: { command: 'python train.py --lr 0.1', git_commit: 'abc123', git_dirty: true },
  })
  const other = await new Run(site.db, 'other').begin({ config: { seed: 2, learning_rate: 0.003 } })
  await other.record(metrics(1, 2))
})
afterAll(() => site[Symbol.asyncDispose]())

async function openTab(tab: string, more = ''): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width: 1280, height: 900 } })).newPage()
  page.setDefaultTimeout(15_000)
  await goLive(page, `/jobs/${run.job_id}?tab=${tab}${more}`)
  return page
}

const output = (page: Page) => page.getByRole('region', { name: 'output' })

test('tabs open by mouse and by arrow keys, and the address holds the open one', async () => {
  const page = await openTab('')
  const tab = (name: string) => page.getByRole('tab', { name })
  await page.getByRole('table', { name: 'Checkpoints' }).waitFor()
  await tab('History').click()
  await page.waitForURL(/tab=history/)
  await tab('History').press('ArrowRight')
  await page.waitForURL((url) => !url.search.includes('tab='))
  await tab('Checkpoints').press('End')
  expect(await tab('History').getAttribute('aria-selected')).toBe('true')
  await tab('History').press('ArrowLeft')
  await page.waitForURL(/tab=configuration/)
  await page.reload()
  await page.getByRole('tabpanel', { name: 'Configuration' }).waitFor()
})

test('the output shows its newest page, reads older ones when it is scrolled, and follows new lines', async () => {
  const page = await openTab('output')
  const box = output(page)
  await box.getByText(`line ${LINES - 1}`, { exact: true }).waitFor()
  expect(await box.getByRole('listitem').count()).toBe(200)
  await run.record(logLine('the newest line'))
  await box.getByText('the newest line').waitFor()
  expect(await isInSight(page, 'the newest line')).toBe(true)
  const held = box.getByText(`line ${LINES - 195}`, { exact: true })
  const top = await box.evaluate((element) => {
    const list = element.querySelector('ol')
    element.scrollTop = list?.offsetTop ?? 0
    return list?.children[5]?.getBoundingClientRect().top
  })
  await box.getByText(`line ${LINES - 390}`, { exact: true }).waitFor({ state: 'attached' })
  // The lines in view stay where they are: the new lines are above them.
  const after = await held.evaluate((line) => line.getBoundingClientRect().top)
  expect(Math.abs(after - (top ?? NaN))).toBeLessThan(40)
})

test('the scrollbar of the output reaches every line, and the page holds few of them', async () => {
  const page = await openTab('output')
  const box = output(page)
  await box.getByText(`line ${LINES - 1}`, { exact: true }).waitFor()
  await box.evaluate((element) => (element.scrollTop = element.scrollHeight * 0.6))
  const middle = box.getByText(`line ${0.6 * LINES + 10}`, { exact: true })
  await middle.waitFor({ state: 'attached' })
  await expect.poll(() => isInSight(page, `line ${0.6 * LINES + 10}`)).toBe(true)
  await box.press('Home')
  await expect.poll(() => isInSight(page, 'line 0', true)).toBe(true)
  await box.press('End')
  await expect.poll(() => isInSight(page, `line ${LINES - 1}`)).toBe(true)
  expect(await box.getByRole('listitem').count()).toBeLessThanOrEqual(1_000)
})

test('a line is reached by its number, and the address leads to it', async () => {
  const page = await openTab('output')
  await output(page)
    .getByText(`line ${LINES - 1}`, { exact: true })
    .waitFor()
  const number = page.getByRole('spinbutton', { name: 'go to line' })
  await number.fill('301')
  await number.press('Enter')
  await expect.poll(() => isInSight(page, 'line 300', true)).toBe(true)
  await page.waitForURL(/line=301/)
  await page.reload()
  await output(page).getByText('line 300', { exact: true }).waitFor()
  await expect.poll(() => isInSight(page, 'line 300', true)).toBe(true)
})

const isInSight = async (page: Page, text: string, exact = false): Promise<boolean> => {
  const line = output(page).getByText(text, { exact })
  if ((await line.count()) === 0) return false
  return line.evaluate((line) => {
    const [at, around] = [line, line.closest('[role=region]')].map((one) =>
      one?.getBoundingClientRect(),
    )
    return !!at && !!around && at.top >= around.top && at.bottom <= around.bottom
  })
}

test('a search that runs can be cancelled, and its request ends', async () => {
  const page = await openTab('output')
  // A search through 100 MB takes seconds; this one takes until it is cancelled.
  await page.evaluate(() => {
    const send = window.fetch.bind(window)
    window.fetch = (request, init) => {
      const address = request instanceof Request ? request.url : request.toString()
      if (!decodeURIComponent(address).includes('line 3')) return send(request, init)
      return new Promise((_, reject) => {
        init?.signal?.addEventListener('abort', () => {
          document.body.dataset['search'] = 'cancelled'
          reject(new DOMException('cancelled', 'AbortError'))
        })
      })
    }
  })
  const search = page.getByRole('searchbox', { name: 'search the output' })
  await search.fill('line 3')
  await page.getByText(/^Searching [\d,]+ lines\.$/).waitFor()
  await page.getByRole('button', { name: 'Cancel the search' }).click()
  await page.locator('body[data-search=cancelled]').waitFor()
  await output(page)
    .getByText(`line ${LINES - 1}`, { exact: true })
    .waitFor()
  expect(await search.inputValue()).toBe('')
})

test('one click jumps to the last traceback, and scrolling reads the lines after it', async () => {
  const page = await openTab('output', '&text=line')
  await page.getByRole('button', { name: 'Last traceback' }).click()
  await output(page).getByText('CUDA out of memory').waitFor()
  await expect.poll(() => isInSight(page, 'Traceback (most recent')).toBe(true)
  await page.waitForURL((url) => !url.search.includes('text='))
  await output(page).evaluate((element) => (element.scrollTop += 3_500))
  await output(page).getByText('line 1000', { exact: true }).waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'Newest lines' }).click()
  await output(page)
    .getByText(`line ${LINES - 1}`, { exact: true })
    .waitFor()
})

test('the output is filtered by level and text, the address holds both, and a line leads back to its neighbours', async () => {
  const page = await openTab('output')
  await page.getByRole('combobox', { name: 'level' }).selectOption('warning')
  await page.waitForURL(/level=warning/)
  await expect.poll(() => output(page).getByRole('listitem').count()).toBe(1)
  await page.getByRole('combobox', { name: 'level' }).selectOption('')
  await page.getByRole('searchbox', { name: 'search the output' }).fill('CUDA OUT')
  await page.waitForURL(/text=CUDA/)
  await expect.poll(() => output(page).getByRole('listitem').count()).toBe(1)
  expect(await output(page).locator('mark').innerText()).toBe('CUDA out')
  await page.reload()
  await output(page).getByRole('button', { name: 'show line 702' }).click()
  await output(page).getByText('line 699', { exact: true }).waitFor()
  await expect.poll(() => isInSight(page, 'CUDA out of memory')).toBe(true)
})

test('the configuration lists first the options that differ within the project, and can be filtered', async () => {
  const page = await openTab('configuration')
  const differing = page.getByRole('region', { name: /^Differs within the project/ })
  await differing.locator('[data-field=seed]', { hasText: '1' }).waitFor()
  const environment = page.getByRole('region', { name: 'Environment 3' })
  expect(await environment.locator('dt').first().innerText()).toBe('command line')
  await environment.getByText('yes: the code differs from the commit').waitFor()
  await page.getByRole('searchbox', { name: 'filter the configuration' }).fill('LEARNING')
  await page.waitForURL(/option=LEARNING/)
  await expect.poll(() => page.getByRole('tabpanel').locator('dd').count()).toBe(1)
  await page.reload()
  await expect.poll(() => page.getByRole('tabpanel').locator('dd').count()).toBe(1)
})

test('the history lists who did what and why, newest first, and grows while it is open', async () => {
  const page = await openTab('history')
  const entries = page.getByRole('list', { name: 'history, newest first' }).getByRole('listitem')
  await entries.getByText('Started', { exact: true }).waitFor()
  await changePolicy(
    site.db,
    { job_id: run.job_id },
    { policy: 'lowest_eval_loss', options: {} },
    'ana',
  )
  await entries.first().getByText('Policy for this job: lowest eval_loss').waitFor()
  expect(await entries.first().innerText()).toContain('by ana')
  await run.record({
    ...evaluation(100, NaN, { eval_f1: 0.5 }),
    values: { eval_f1: 0.5 },
    scored_by: 'ben',
  })
  await entries.getByText('Scored step 100: eval_f1 0.5000').waitFor()
  await run.record(ended('failed', 'CUDA out of memory'))
  await entries.getByText('Ended: failed').waitFor()
  await entries.getByText('CUDA out of memory').waitFor()
})
