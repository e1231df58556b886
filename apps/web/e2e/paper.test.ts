import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { oddBoard, pagesOf } from './oddJobs.ts'
import { coloursOf, linesOf, type PaperPage, printed } from './pdf.ts'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { openSite, type Site } from './site.ts'

/** A4, and the margins of print.css (pt). */
const [WIDTH, HEIGHT, MARGIN] = [595, 842, 45]
const CHECKPOINTS = 40
const PATIENT = { timeout: 300_000 }

let site: Site
let page: Page
let run: Run
let others: string[]

beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'many-metrics').begin({ config: OPTIONS })
  for (let at = 1; at <= CHECKPOINTS; at++) {
    const scores = Object.fromEntries(METRICS.map((name, n) => [name, valueOf(at, n)]))
    const step = 100 * at
    const origin = { file: `${'nested/'.repeat(6)}trainer_state.json`, line: step }
    const evaluated = { ...evaluation(step, 2 + 1 / at, scores), origin }
    await run.record(metrics(step, 3 / at), evaluated, checkpoint(step))
  }
  others = []
  for (let seed = 0; seed < 12; seed++) {
    const other = await new Run(site.db, `sweep-${seed}`).begin({ config: { ...OPTIONS, seed } })
    await other.train([3, 2.5 - seed / 100, 2.6])
    others.push(other.job_id)
  }
  page = await site.browser.newPage({ baseURL: site.url, colorScheme: 'dark' })
  await page.context().request.get(`/?token=${site.token}`, { headers: { accept: 'text/html' } })
}, 300_000)
afterAll(() => site[Symbol.asyncDispose]())

const METRICS = ['eval_accuracy', 'eval_f1', 'eval_precision', 'eval_recall', 'eval_mcc']
const OPTIONS = { model: 'some-organisation/a-model-with-a-long-name', learning_rate: 0.003 }
const valueOf = (at: number, n: number) => 0.9 - (at - 5 * n) ** 2 / 10_000

const report = () => `/jobs/${run.job_id}/report`
const comparison = () => `/compare/report?jobs=${others.join()}`

async function paperOf(path: string): Promise<PaperPage[]> {
  await open(path)
  return printed(page)
}

async function open(path: string): Promise<void> {
  await page.goto(path)
  await page.waitForFunction(() => !/^Loading the .+\.$/m.test(document.body.innerText))
}

/** What leaves the margins of A4, and pages without content. */
function misprints(pages: readonly PaperPage[]): string[] {
  return pages.flatMap(({ width, height, texts }, at) => {
    const where = `page ${at + 1}`
    const outside = texts.filter(
      ({ x, y, width }) =>
        x < MARGIN - 2 || x + width > WIDTH - MARGIN + 2 || y > HEIGHT - MARGIN + 2,
    )
    return [
      ...(Math.round(width) === WIDTH && Math.round(height) === HEIGHT ? [] : [`${where}: no A4`]),
      ...(texts.every(({ text }) => isFooter(text)) ? [`${where}: empty`] : []),
      ...outside.map(({ text }) => `${where}: “${text}” leaves the page`),
    ]
  })
}

/** The last line of a report. */
const isFooter = (text: string) => text.startsWith('Bestmark, ')

test('every page prints on A4 within its margins, without an empty page', PATIENT, async () => {
  const board = await oddBoard(site.db)
  const odd = Object.entries(board)
  for (const path of [report(), comparison(), `/jobs/${run.job_id}`, ...pagesOf(board)]) {
    const name = odd.reduce((text, [what, id]) => text.replaceAll(id, what), path)
    await open(path)
    // A chart may still wait for its points, with its place kept free.
    await expect
      .poll(async () => [name, ...misprints(await printed(page))], { interval: 500 })
      .toEqual([name])
  }
})

test('the head of a table is repeated on each page that continues it', async () => {
  for (const [path, row, head] of [
    [report(), /^\S+ step [\d,]+ .*complete/, /checkpoint .*to the best/],
    [comparison(), /^\d+ .*sweep-\d+ /, /run .*to the best/],
  ] as const) {
    const pages = (await paperOf(path)).map(linesOf)
    const withRows = pages.filter((lines) => lines.some((line) => row.test(line)))
    expect([path, withRows.length]).not.toEqual([path, 0])
    for (const lines of withRows) {
      const [first, heading] = [
        lines.findIndex((line) => row.test(line)),
        lines.findIndex((line) => head.test(line)),
      ]
      expect(heading).toBeGreaterThanOrEqual(0)
      expect(heading).toBeLessThan(first)
    }
  }
})

test('a row of a table stays whole: its figures, words and names are in one piece', async () => {
  const lines = (await paperOf(report())).flatMap(linesOf)
  const rows = lines.filter((line) => /^(≈ )?\d+ step [\d,]+ /.test(line))
  const whole = /^(≈ )?\d+ step [\d,]+ \d\.\d{3}( \+\d[\d.]+)? \d[\d.]+.* complete/
  expect(rows.filter((line) => !whole.test(line))).toEqual([])
  expect(rows.length).toBeGreaterThan(20)
})

test('a heading is on the page of what it heads, and a chart on that of its caption', async () => {
  for (const path of [report(), comparison()]) {
    for (const lines of (await paperOf(path)).map(linesOf)) {
      expect(lines.at(-1)).not.toMatch(/^(The choice|Readings|Configuration|Options that differ)$/)
      const hasCaption = lines.some((line) =>
        /^(Thin line: training|Each line is one run)/.test(line),
      )
      const hasAxis = lines.some((line) => /^(\d[\d,]* ){3,}\d[\d,]*$/.test(line))
      expect([path, hasAxis]).toEqual([path, hasCaption])
    }
  }
})

test('a dark page prints as a light one', async () => {
  await page.goto(report())
  const dark = await page.pdf({ preferCSSPageSize: true })
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await page.pdf({ preferCSSPageSize: true })
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await coloursOf(dark)).toEqual(await coloursOf(light))
})
