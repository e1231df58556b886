import { openDatabase, readSeries, recordFacts, registerJob, type Database } from '@bestmark/db'
import { TrainingEvent } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { boardEnv, startBoard, temporaryFolder } from '../e2e/board.ts'
import { launchBrowser } from '../e2e/browser.ts'
import { median, ms, printLine, timings } from './figures.ts'
import { frames, framesText, zoom } from './frames.ts'

const [SERIES, STEPS] = [60, 2_000]
/** As many points as the grid asks for per chart. */
const POINTS = 500
const NAMES = Array.from({ length: SERIES }, (_, index) => `layers/norm.${index}`)

/** A grid of 60 charts of 2,000 points: the server's answer, the first picture, the frames. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  const db = await openDatabase({ home: home.path })
  const job_id = await recordedRun(db)
  await server(db, job_id)
  await db.close()
  await using browser = await launchBrowser()
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
  await page.goto(board.link)
  // The cookie belongs to the name in the board's link.
  const address = new URL(`/jobs/${job_id}?tab=metrics`, page.url())
  await browserFigures(page, address.href)
}

async function recordedRun(db: Database): Promise<string> {
  const job_id = randomUUID()
  const named = { name: 'grid', project: 'bench', host: 'bench', host_id: randomUUID() }
  const where = { root: `/runs/${job_id}`, source: 'journal' }
  await registerJob(db, { job_id, ...named, ...where, status: 'running' })
  const events = Array.from({ length: STEPS }, (_, step) => {
    const values = NAMES.map((name, at) => {
      return [name, Math.sin(step / 30 + at) + (step % 7) / 20] as const
    })
    const named: Record<string, number> = Object.fromEntries(values)
    return TrainingEvent.parse({
      ...{ type: 'metrics', attempt: 0, step, at: 1_000 * step },
      values: named,
    })
  })
  await recordFacts(db, job_id, events)
  return job_id
}

async function server(db: Database, job_id: string): Promise<void> {
  const floor = median(await timings(50, () => db.sql`select 1`))
  const all = median(
    await timings(20, () => readSeries(db, job_id, { names: NAMES, points: POINTS })),
  )
  printLine(`  ${SERIES} series of ${STEPS} points read: ${ms(all)}; an empty query: ${ms(floor)}`)
}

async function browserFigures(page: Page, address: string): Promise<void> {
  const sizes: Promise<number>[] = []
  page.on('response', (answer) => {
    if (!answer.url().includes('/series.read')) return
    sizes.push(
      answer
        .request()
        .sizes()
        .then(({ responseBodySize }) => responseBodySize),
    )
  })
  const since = performance.now()
  await page.goto(address)
  // The grid is below the first screen, and what is not near the screen is not drawn.
  const search = page.getByRole('searchbox', { name: 'find metrics' })
  await search.waitFor()
  await search.evaluate((element) => element.scrollIntoView())
  await page.locator('canvas').first().waitFor()
  const shown = performance.now() - since
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  const charts = await page.locator('canvas').count()
  printLine(
    `  ${charts} charts in view: drawn after ${ms(shown)}, ${sizes.length} request(s), ${(bytes / 1e3).toFixed(0)} kB`,
  )
  const chart = page.getByRole('slider', { name: /^layers.* by step$/ }).first()
  await chart.scrollIntoViewIfNeeded()
  const box = await chart.boundingBox()
  if (!box) throw new Error('The grid shows no chart.')
  const y = box.y + box.height / 2
  const crosshair = await frames(page, async () => {
    for (let at = 0; at < 60; at++) await page.mouse.move(box.x + (box.width * at) / 60, y)
  })
  const idle = await frames(page, () => page.waitForTimeout(1_000))
  const zoomed = await frames(page, () => zoom(page))
  printLine(
    `  frames while nothing moves ${framesText(idle)}; crosshair ${framesText(crosshair)}; zoom ${framesText(zoomed)}`,
  )
}
