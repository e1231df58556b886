import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { keepPicture } from './kept.ts'
import { unreached } from './keyboard.ts'
import { checkpoint, ended, evaluation, metrics, Run } from './runs.ts'
import { goLive, isLive, openSite, type Site } from './site.ts'

/** How long a test of many pages may take on a busy machine. */
const PATIENT = { timeout: 300_000 }

let site: Site
let job: string
let paths: string[]

beforeAll(async () => {
  site = await openSite()
  const one = await new Run(site.db, 'moby').begin()
  for (const [index, loss] of [3, 2.2, 2.6].entries()) {
    const step = 100 * (index + 1)
    const scores = { eval_f1: 0.5 + index / 10 }
    await one.record(metrics(step, loss), evaluation(step, loss, scores), checkpoint(step))
  }
  const two = await (await new Run(site.db, 'whale').begin()).train([3, 2.6])
  await two.record(ended('completed'))
  job = `/jobs/${one.job_id}`
  paths = [
    ...['/', job, `${job}?tab=metrics`, `${job}?tab=output`, `${job}?tab=configuration`],
    ...[`${job}/report`, `/compare?jobs=${one.job_id},${two.job_id}`, '/backtest', '/alerts'],
    ...['/access', '/recipes'],
  ]
})
afterAll(() => site[Symbol.asyncDispose]())

async function newPage(): Promise<Page> {
  return (await site.visitor({ viewport: { width: 1280, height: 800 } })).newPage()
}

test('Tab reaches each control of each page, and shows where it is', PATIENT, async () => {
  const page = await newPage()
  for (const path of paths) {
    await page.goto(path)
    if ((await page.locator('[data-connection]').count()) > 0) await isLive(page)
    await page.waitForFunction(() => !/^Loading the .+\.$/m.test(document.body.innerText))
    expect([path, await unreached(page)]).toEqual([path, { unseen: [], missing: [] }])
  }
})

/** Each dialog of the pages: where it is, and what opens it. */
const DIALOGS: readonly (readonly [path: () => string, opener: (page: Page) => Locator])[] = [
  [() => '/', (page) => page.getByRole('button', { name: 'keys' })],
  [() => '/', (page) => page.getByRole('button', { name: 'Columns' })],
  [() => '/', (page) => page.getByRole('button', { name: 'Save view' })],
  [() => job, (page) => page.getByRole('button', { name: 'Deploy this checkpoint' })],
  [() => job, (page) => page.getByRole('button', { name: 'Change what decides' })],
  [() => job, (page) => page.getByRole('button', { name: 'Edit' })],
  [() => job, (page) => page.getByRole('button', { name: 'Stop' })],
  [
    () => `${job}?tab=metrics`,
    (page) => page.getByRole('button', { name: /^full screen/ }).first(),
  ],
  [() => '/alerts', (page) => page.getByRole('button', { name: 'Add rule' })],
]

test(
  'each dialog opens and closes by the keyboard, holds the focus, and axe finds nothing in it',
  PATIENT,
  async () => {
    const page = await newPage()
    let shown = ''
    for (const [pathOf, openerOn] of DIALOGS) {
      const path = pathOf()
      if (path !== shown) await (path === '/alerts' ? page.goto(path) : goLive(page, path))
      shown = path
      // Charts are loaded when they come into view.
      await page.locator('main').evaluate((main) => main.scrollIntoView({ block: 'end' }))
      await openerOn(page).waitFor()
      // Kept as the element that it is now, since other charts may come before it.
      const opener = await openerOn(page).elementHandle()
      if (!opener) throw new Error(`Nothing opens a dialog on ${path}.`)
      await opener.focus()
      await page.keyboard.press('Enter')
      const dialog = page.locator('dialog[open]')
      await dialog.waitFor()
      const name = (await dialog.innerText()).split('\n')[0] ?? ''
      const isInside = () => dialog.evaluate((element) => element.contains(document.activeElement))
      expect([name, await isInside()]).toEqual([name, true])
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Tab')
      expect([name, await isInside()]).toEqual([name, true])
      expect([name, await violationsOf(page)]).toEqual([name, []])
      await keepPicture(page, `dialog ${name}`)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      const isBack = await opener.evaluate((element) => element === document.activeElement)
      expect([name, isBack]).toEqual([name, true])
    }
  },
)

test('the keys open the sheet of keys and the search from any page', async () => {
  const page = await newPage()
  await goLive(page, job)
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.waitForURL((url) => url.pathname === '/')
  await page.waitForFunction(() => document.activeElement?.matches('[type=search]'))
  await page.keyboard.type('whale')
  await page.waitForURL(/search=whale/)
})

test('the palette finds commands of the page, pages and jobs', async () => {
  const page = await newPage()
  const palette = page.getByRole('dialog', { name: 'commands and jobs' })
  const chosen = palette.getByRole('option', { selected: true })
  const find = async (text: string, name: string) => {
    await page.keyboard.press('Control+k')
    await palette.waitFor()
    await page.keyboard.type(text)
    await chosen.filter({ hasText: name }).waitFor()
  }
  await goLive(page, job)
  await find('output', 'Output')
  expect(await violationsOf(page)).toEqual([])
  await keepPicture(page, 'palette')
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: 'Output', selected: true }).waitFor()

  await find('deploy this', 'Deploy this checkpoint')
  await page.keyboard.press('Enter')
  await page
    .locator('dialog[open]')
    .getByRole('heading', { name: /^Deploy/ })
    .waitFor()
  await page.keyboard.press('Escape')

  await find('whale', 'whale')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'whale' }).waitFor()

  await page.keyboard.press('Control+k')
  await palette.waitFor()
  await page.keyboard.type('no such thing')
  await palette.getByText('Nothing has this name.').waitFor()
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'detached' })

  await find('backt', 'Backtest')
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.pathname === '/backtest')
})

test('jobs are chosen and tagged by keys, and the sheet of keys says so', async () => {
  const page = await newPage()
  await goLive(page, '/')
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'keys' })
  await sheet.getByText('in the list: tag the chosen jobs').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  expect(await page.locator('dialog[open]').count()).toBe(0)
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.getByText('1 selected').waitFor()
  await page.keyboard.press('t')
  const dialog = page.getByRole('dialog', { name: 'tags' })
  await dialog.waitFor()
  expect(await violationsOf(page)).toEqual([])
  await keepPicture(page, 'dialog Tags')
  await page.keyboard.type('by-key')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('row').filter({ hasText: 'by-key' }).first().waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('tag')
  const option = page.getByRole('option', { name: /^Tag/ })
  await option.waitFor()
  await page.keyboard.press('Escape')
})

test('the palette saves the report of the open job as a file', async () => {
  const page = await newPage()
  await goLive(page, job)
  for (const format of ['html', 'md', 'json']) {
    await page.keyboard.press('Control+k')
    await page.keyboard.type(`report .${format}`)
    const saved = page.waitForEvent('download')
    await page.getByRole('option', { name: `Save the report as .${format}` }).waitFor()
    await page.keyboard.press('Enter')
    expect((await saved).suggestedFilename()).toBe(`report.${format}`)
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('report')
  await page.getByRole('option', { name: /^Report/ }).click()
  await page.waitForURL(/\/report$/)
})

test('what is typed while the palette loads is in its search, and is no key of the page', async () => {
  const page = await newPage()
  await goLive(page, '/')
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route('**/_app/immutable/**', async (route) => {
    await released
    await route.continue()
  })
  await page.keyboard.press('Control+k')
  await page.keyboard.type('x backt')
  release()
  const search = page.getByRole('combobox', { name: 'search commands and jobs' })
  await expect.poll(() => search.inputValue()).toBe('x backt')
  await search.fill('backt')
  await page.getByRole('option', { name: /^Backtest/ }).waitFor()
})

test('the arrow keys move through the palette, and a click chooses too', async () => {
  const page = await newPage()
  await goLive(page, '/')
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'commands and jobs' })
  const options = palette.getByRole('option')
  const chosen = palette.getByRole('option', { selected: true })
  await options.filter({ hasText: 'whale' }).waitFor()
  const names = await options.allInnerTexts()
  expect(await chosen.innerText()).toBe(names[0])
  await page.keyboard.press('ArrowDown')
  expect(await chosen.innerText()).toBe(names[1])
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  expect(await chosen.innerText()).toBe(names.at(-1))
  await options.filter({ hasText: 'moby' }).click()
  await page.getByRole('heading', { name: 'moby' }).waitFor()
})
