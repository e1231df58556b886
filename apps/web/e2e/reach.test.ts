import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, metrics, Run } from './runs.ts'
import { goLive, openOwnSite, openSite, type Screen, showOn, type Site } from './site.ts'

const NOWHERE = '/jobs/not-a-job'
const TRACEBACK = `Traceback (most recent call last):\n  File "/${'d'.repeat(900)}/train.py"\nValueError: loss is not a number\n`

let site: Site
let pages: string[]

beforeAll(async () => {
  site = await openSite()
  const run = await (await new Run(site.db, 'moby-char-lm').begin()).train([3, 2.5, 2.23, 2.4, 2.9])
  const long = new Run(site.db, `a-name-that-is-longer-than-any-screen-${'x'.repeat(80)}`)
  await long.begin({ project: 'a-project-with-a-long-name-too' })
  await long.record(metrics(310, NaN), ended('failed', TRACEBACK))
  pages = ['/', '/?search=nothing', `/jobs/${run.job_id}`, `/jobs/${long.job_id}`]
  pages.push(
    '/backtest',
    '/backtest?target=eval_fluency',
    `/jobs/${run.job_id}/report`,
    `/jobs/${long.job_id}/report`,
    NOWHERE,
  )
})
afterAll(() => site[Symbol.asyncDispose]())

async function visit(path: string, options = {}): Promise<Page> {
  const page = await (await site.visitor(options)).newPage()
  await goLive(page, path)
  return page
}

const SCREENS: readonly Screen[] = [
  [360, 'dark'],
  [768, 'light'],
  [1280, 'dark'],
]

test('no page scrolls sideways, on a phone or a desktop, in light or dark', async () => {
  const page = await visit('/')
  const beside = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  for (const screen of SCREENS) {
    await showOn(page, screen)
    for (const path of pages) {
      await page.goto(path)
      const before = await beside()
      if (path.startsWith('/jobs/') && !path.endsWith('/report') && path !== NOWHERE) {
        await page.getByRole('slider', { name: 'loss by step' }).waitFor()
      }
      expect([path, screen, before, await beside()]).toEqual([path, screen, 0, 0])
    }
  }
})

test('on the narrowest phone the search works, and a step is fully visible beside its button', async () => {
  const narrow = { viewport: { width: 320, height: 700 } }
  const list = await visit('/', narrow)
  expect((await list.getByRole('searchbox').boundingBox())?.width).toBeGreaterThan(160)
  const [, , path = ''] = pages
  const job = await visit(path, narrow)
  const label = job.locator('td label').first()
  const name = label.locator('.line-name')
  await name.evaluate((element) => (element.textContent = 'step 1,000,000'))
  const [button, text] = [await label.locator('input').boundingBox(), await name.boundingBox()]
  expect(text?.x).toBeGreaterThanOrEqual((button?.x ?? 0) + (button?.width ?? 0))
  const isWhole = await name.evaluate(
    ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
      scrollWidth <= clientWidth && scrollHeight <= clientHeight,
  )
  expect(isWhole).toBe(true)
})

test('a failed job shows the last line of its error, and its page shows all of it', async () => {
  const page = await visit(pages[3] ?? '')
  await page.getByText('ValueError: loss is not a number', { exact: true }).waitFor()
  const error = page.getByRole('region', { name: 'error' })
  expect(await error.textContent()).toBe(TRACEBACK)
})

test('every control has a name and a role, and no page prints to the console', async () => {
  const complaints: string[] = []
  const page = await (await site.visitor()).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The browser itself prints that there is no such page.
    if (message.type() !== 'log' && !page.url().endsWith(NOWHERE)) complaints.push(message.text())
  })
  for (const path of pages) {
    await page.goto(path)
    const tree = await page.locator('body').ariaSnapshot()
    const nameless = tree.match(
      /^\s*- (button|link|textbox|searchbox|radio|checkbox|combobox|slider|dialog|table|progressbar|img)(?! ").*$/gm,
    )
    expect([path, nameless]).toEqual([path, null])
    expect([path, tree]).toEqual([path, expect.stringMatching(/heading ".+" \[level=1\]/)])
  }
  await goLive(page, pages[2] ?? '')
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  await page.getByLabel('model name').fill('Not A Name')
  expect(await page.getByRole('button', { name: /^Ship/ }).isDisabled()).toBe(true)
  expect(complaints).toEqual([])
})

test('text has enough contrast on every background, in light and dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await (await site.visitor({ colorScheme })).newPage()
    await page.goto('/')
    const contrasts = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'))
      const canvas = document.createElement('canvas').getContext('2d')
      const light = (name: string) => {
        probe.style.color = `var(${name})`
        if (!canvas) return NaN
        canvas.fillStyle = getComputedStyle(probe).color
        canvas.fillRect(0, 0, 1, 1)
        const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
          const part = byte / 255
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const grounds = ['--paper', '--raised', '--sunk', '--best-wash']
      return ['--ink', '--grey', '--best-ink'].flatMap((word) =>
        grounds.map((ground) => {
          const [low = 0, high = 0] = [light(word), light(ground)].sort((a, b) => a - b)
          return { pair: `${word} on ${ground}`, contrast: (high + 0.05) / (low + 0.05) }
        }),
      )
    })
    expect(contrasts.filter(({ contrast }) => !(contrast >= 4.5))).toEqual([])
  }
})

test('the keyboard alone leads from the list to the best checkpoint and its deployment', async () => {
  const page = await visit('/')
  await page.keyboard.press('/')
  await page.keyboard.type('moby')
  await page.waitForURL(/search=moby/)
  await page.getByRole('heading', { name: 'Jobs 1' }).waitFor()
  await page.keyboard.press('Tab')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/jobs\//)
  const chart = page.getByRole('slider', { name: 'loss by step' })
  await chart.focus()
  await page.keyboard.press('b')
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^step 300: .*the best checkpoint$/)
  await page.keyboard.press('ArrowRight')
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/^step 400: /)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.waitFor()
  await dialog.getByRole('radio', { checked: true, name: /^step/ }).focus()
  await page.keyboard.press('ArrowDown')
  await dialog.getByRole('button', { name: /^Ship step 400 to/ }).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(
    'Deploy this checkpoint',
  )
})

test('a chosen theme is stored, and the server renders the page with it', async () => {
  const page = await visit('/', { colorScheme: 'light' })
  await page.getByRole('button', { name: 'dark colours' }).click()
  await page.reload()
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
})

test('an empty board says what to do', async () => {
  await using empty = await openOwnSite()
  const page = await (await empty.visitor()).newPage()
  await page.goto('/')
  await page.getByRole('heading', { name: 'No jobs yet' }).waitFor()
  for (const word of ['run -- python', 'watch', 'import path', 'pip install']) {
    const command = page.locator('pre', { hasText: word })
    expect(await command.first().innerText()).toMatch(/^(?:BESTMARK_HOME=\S+ |pip install )\//)
  }
  expect(await page.getByRole('button', { name: /^copy / }).count()).toBe(6)
})

test('a board whose jobs are all archived shows the way to them', async () => {
  await using quiet = await openOwnSite()
  const { job_id } = await (await new Run(quiet.db, 'old').begin()).train([3, 2])
  const page = await (await quiet.visitor()).newPage()
  await goLive(page, '/')
  await page.getByRole('checkbox', { name: 'select old' }).check()
  await page.getByRole('button', { name: 'Archive' }).click()
  await page.getByText('1 job archived.').waitFor()
  await page.reload()
  await page.getByRole('link', { name: 'archived' }).click()
  expect(await page.locator(`a[href="/jobs/${job_id}"]`).innerText()).toBe('old')
})

test('without https the clipboard is closed, and a copy button says what to do', async () => {
  const page = await (await site.visitor()).newPage()
  await page.addInitScript(() => {
    Object.defineProperty(window, 'isSecureContext', { value: false })
    Object.defineProperty(navigator, 'clipboard', { value: undefined })
  })
  const [, , best = ''] = pages
  await goLive(page, best)
  const copy = page.getByRole('button', { name: 'copy the path' }).first()
  await copy.click()
  await copy.getByText('select the text and copy it by hand').waitFor()
})
