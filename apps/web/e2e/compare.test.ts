import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Screen, showOn, type Site } from './site.ts'

let site: Site
const runs: Record<string, Run> = {}

/** A run of the sweep with its learning rate. */
async function trained(
  name: string,
  losses: number[],
  lr: number,
  project = 'sweep',
): Promise<Run> {
  const config = { learning_rate: lr, scheduler: lr > 0.01 ? 'cosine' : 'linear', name }
  const run = await new Run(site.db, name).begin({ config }, project)
  runs[name] = await run.train(losses)
  return runs[name]
}

/** One of fifty runs, all recorded at once. */
async function seed(at: number): Promise<void> {
  const config = { learning_rate: 0.001 * (at + 1), scheduler: at > 9 ? 'cosine' : 'linear' }
  const run = await new Run(site.db, `seed-${at}`).begin({ config }, 'fifty')
  const losses = [3 + at / 10, 2.7 + at / 100, 2.9]
  await run.record(
    ...losses.flatMap((loss, index) => {
      const step = 100 * (index + 1)
      return [evaluation(step, loss), checkpoint(step)]
    }),
  )
}

const addressOf = (...names: string[]) =>
  `/compare?jobs=${names.map((name) => runs[name]?.job_id).join(',')}`

beforeAll(async () => {
  site = await openSite()
  await trained('lr1e-2', [3, 2.9, 2.68, 2.8], 0.01)
  await trained('lr3e-2', [3.1, 2.669, 2.9, 3.3], 0.03)
  await trained('nan-only', [NaN, NaN], 0.3, 'broken')
  const f1 = await new Run(site.db, 'f1').begin({}, 'other')
  await f1.record({ ...evaluation(100, 1), values: { eval_f1: 0.5 } }, checkpoint(100))
  runs['f1'] = f1
  await Promise.all(Array.from({ length: 50 }, (_, at) => seed(at)))
})
afterAll(() => site[Symbol.asyncDispose]())

async function visit(path: string, options = {}): Promise<Page> {
  const page = await (await site.visitor(options)).newPage()
  await page.goto(path)
  return page
}

const answerOn = (page: Page) => page.locator('[data-answer]').innerText()

test('the page, the API and the report give the same answer, and Deploy ships that checkpoint', async () => {
  const address = addressOf('lr1e-2', 'lr3e-2')
  const page = await visit(address)
  const answer = await answerOn(page)
  expect(answer).toBe(
    'lr3e-2 step 200 is best: eval_loss 2.669, the lowest of 2 runs. Next is lr1e-2 step 300 (+0.011).',
  )
  const path = await page.locator('[data-answer-path]').innerText()
  expect(path).toBe('/data/runs/lr3e-2/checkpoint-200')
  expect(
    await page.locator('.is-best [data-ring], [data-ring].is-best').getAttribute('data-ring'),
  ).toBe('200')
  const report = await visit(address.replace('/compare?', '/compare/report?'))
  expect(await answerOn(report)).toBe(answer)
  expect(await report.locator('script').count()).toBe(0)
  expect(await report.getByText(path).count()).toBe(1)
  await page.getByRole('button', { name: 'Deploy step 200' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deploy' })
  await dialog.getByLabel('your name').fill('ana')
  await dialog.getByRole('button', { name: 'Ship step 200 to models/lr3e-2' }).click()
  await expect
    .poll(async () => {
      const rows = await site.db.sql<{ path: string }[]>`select c.path from deployments d
        join checkpoints c using (job_id, checkpoint_id) where d.job_id = ${runs['lr3e-2']!.job_id}`
      return rows.map((row) => row.path)
    })
    .toEqual(['checkpoint-200'])
})

test('a project is compared like a list of its jobs', async () => {
  const page = await visit('/compare?project=sweep')
  const byIds = await visit(addressOf('lr3e-2', 'lr1e-2'))
  expect(await answerOn(page)).toBe(await answerOn(byIds))
  await page.getByRole('heading', { name: 'Compare sweep 2' }).waitFor()
})

test('the table has the values of any metric, and each option that differs', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, addressOf('lr1e-2', 'lr3e-2'))
  const table = page.getByRole('table', { name: /^runs by lowest eval_loss/ })
  const cells = async () => await table.locator('tbody tr').first().locator('td').allInnerTexts()
  expect((await cells()).map((text) => text.trim())).toEqual([
    ...[
      '1',
      'lr3e-2 best',
      '2.669',
      '200',
      '',
      '3.300',
      '2.669',
      '3.300',
      '0.03',
      'lr3e-2',
      'cosine',
    ],
  ])
  await page.getByRole('combobox', { name: 'metric' }).selectOption('eval_loss')
  await page.waitForURL(/metric=eval_loss/)
  const diff = page.getByRole('table', { name: 'Configurations side by side' })
  await page.getByRole('combobox', { name: 'right' }).waitFor()
  expect(await diff.getByRole('row').allInnerTexts()).toEqual([
    'option\tlr3e-2\tlr1e-2',
    'learning_rate\t0.03\t0.01',
    'name\tlr3e-2\tlr1e-2',
    'scheduler\tcosine\tlinear',
  ])
  await page.getByRole('checkbox', { name: 'logarithmic' }).check()
  await page.waitForURL(/log=1/)
  const again = await visit(new URL(page.url()).pathname + new URL(page.url()).search)
  expect(await again.getByRole('checkbox', { name: 'logarithmic' }).isChecked()).toBe(true)
})

test('runs that cannot be compared are grouped, and no single checkpoint is offered', async () => {
  const page = await visit(addressOf('lr1e-2', 'f1', 'nan-only'))
  expect(await answerOn(page)).toBe(
    'The 2 runs cannot all be compared, so each of 2 groups has its own best.',
  )
  expect(await page.getByRole('button', { name: /^Deploy/ }).count()).toBe(0)
  await page.getByRole('table', { name: 'runs by highest eval_f1' }).waitFor()
  await page.getByText('nan-only has no checkpoint that can be chosen.').waitFor()
})

test('no run, one run and runs with only NaN get a message', async () => {
  const page = await visit('/compare')
  await page.getByText('Nothing is chosen.').waitFor()
  for (const [path, sentence] of [
    ['/compare?project=nobody', 'No job belongs to project nobody.'],
    [addressOf('lr1e-2'), 'No other run can be compared with it.'],
    [addressOf('nan-only'), 'No checkpoint can be chosen'],
    ['/compare?jobs=00000000-0000-4000-8000-000000000000', 'There is no job'],
  ] as const) {
    await page.goto(path)
    await page.getByText(sentence).first().waitFor()
  }
})

test('many notes are folded behind the first ones, so that the curves stay near the answer', async () => {
  for (let at = 0; at < 6; at++) {
    const run = await new Run(site.db, `missed-${at}`).begin({}, 'missed')
    await run.record(evaluation(100, 2 + at), checkpoint(100), evaluation(200, 1))
  }
  const page = await visit('/compare?project=missed')
  const [notes, seen] = [page.locator('[data-note]'), page.locator('[data-note]:visible')]
  const all = await notes.count()
  expect([all > 4, await seen.count()]).toEqual([true, 4])
  await page.getByText(`${all - 4} more notes`).click()
  expect(await seen.count()).toBe(all)
})

test('a new best is shown without a reload', async () => {
  const [one, two] = [
    await trained('live-a', [3], 0.1, 'live'),
    await trained('live-b', [2.5], 0.2, 'live'),
  ]
  const page = await (await site.visitor()).newPage()
  await goLive(page, addressOf('live-a', 'live-b'))
  expect(await answerOn(page)).toContain('live-b step 100 is best')
  await one.record(metrics(200, 1), evaluation(200, 1.5), checkpoint(200))
  await page.getByText(/^live-a step 200 is best: eval_loss 1.5/).waitFor()
  expect(await page.locator('tr.best').getAttribute('data-run')).toBe(one.job_id)
  expect(two.job_id).not.toBe(one.job_id)
})

/** Whether each line of the curves is drawn as SVG. */
const drawnLines = (page: Page) =>
  page.locator('g[data-run] path.line').evaluateAll((lines) => {
    return lines.map((line) => getComputedStyle(line).visibility === 'visible')
  })

/** The colours of a canvas, without its empty part. */
const coloursOn = (page: Page) =>
  page.locator('.chart canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('This is not a canvas.')
    const { width, height } = canvas
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? []
    const colours = new Set<string>()
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at + 3] === 255) colours.add([...pixels.slice(at, at + 3)].join(' '))
    }
    return [...colours].toSorted()
  })

test('many lines are a canvas in the colours of the theme, one run in front is drawn, and paper has vectors', async () => {
  const page = await (await site.visitor()).newPage()
  await showOn(page, [1280, 'light'])
  await goLive(page, '/compare?project=fifty')
  await expect.poll(() => coloursOn(page)).toContain('97 106 254')
  expect(await drawnLines(page)).toEqual(Array(50).fill(false))
  await page.locator('tr[data-run]').nth(3).hover()
  await expect.poll(async () => (await drawnLines(page)).filter(Boolean).length).toBe(1)
  await showOn(page, [1280, 'dark'])
  await expect.poll(() => coloursOn(page)).toContain('98 241 100')
  await page.emulateMedia({ media: 'print' })
  expect(await drawnLines(page)).toEqual(Array(50).fill(true))
  expect(await page.locator('.chart canvas').isVisible()).toBe(false)
  await page.goto('/compare/report?project=fifty')
  expect(await drawnLines(page)).toEqual(Array(50).fill(true))
})

const SCREENS: readonly Screen[] = [
  [320, 'light'],
  [768, 'dark'],
  [1280, 'light'],
  [1920, 'dark'],
]

test('on any screen only the boxes of tables and axes scroll sideways, and the console stays empty', async () => {
  const complaints: string[] = []
  const page = await (await site.visitor()).newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => complaints.push(message.text()))
  for (const screen of SCREENS) {
    await showOn(page, screen)
    for (const path of [
      addressOf('lr1e-2', 'lr3e-2'),
      addressOf('f1', 'nan-only'),
      '/compare?project=fifty',
      '/compare/report?project=sweep',
    ]) {
      await page.goto(path)
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect([path, screen, beside, complaints]).toEqual([path, screen, 0, []])
    }
  }
})
