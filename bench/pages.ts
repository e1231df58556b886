import { compareJobs, listJobs, openDatabase, readSeries, type Database } from '@bestmark/db'
import type { BrowserContext, Page } from 'playwright-core'
import { boardEnv, startBoard, temporaryFolder } from '../e2e/board.ts'
import { launchBrowser } from '../e2e/browser.ts'
import { median, ms, printLine, timings } from './figures.ts'
import { frames, framesText, zoom } from './frames.ts'
import { copyJob, recordRun } from './manyRuns.ts'

const [JOBS, COMPARED, STEPS, LONG] = [10_000, 50, 2_000, 1_000_000]
const ROUNDS = 5

/** Pages with much data: server time, time until they are live, the longest frame, their bytes. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  const db = await openDatabase({ home: home.path })
  await using browser = await launchBrowser()
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } })
  const page = await context.newPage()
  await page.goto(board.link)
  // The cookie belongs to the name in the board's link.
  const at = (path: string): string => new URL(path, page.url()).href
  const compared = await comparedRuns(db)
  const long = await longRun(db)
  const [job_id = ''] = compared
  const floor = await time(() => db.sql`select 1`)
  printLine(`  an empty query ${floor}`)
  printLine(`  frames of a page with only a canvas: ${framesText(await onlyCanvas(context))}`)
  await measured(context, `a job of ${STEPS} evaluations`, at(`/jobs/${job_id}`), overChart)
  const overview = await time(() => readSeries(db, long, { names: ['loss'], points: 1_000 }))
  printLine(`  an overview of ${LONG} points read: ${overview}`)
  await measured(context, `a job of ${LONG} points`, at(`/jobs/${long}?show=loss`), overChart)
  const answer = await time(() => compareJobs(db, { job_ids: compared }, {}))
  printLine(`  ${COMPARED} runs of ${STEPS} evaluations compared: ${answer}`)
  await measured(
    context,
    `${COMPARED} compared runs`,
    at(`/compare?jobs=${compared.join(',')}`),
    overComparison,
  )
  await manyJobs(db)
  printLine(`  a page of ${JOBS} jobs read: ${await time(() => listJobs(db, { limit: 50 }))}`)
  await measured(context, `the list of ${JOBS} jobs`, at('/'), overList)
  await db.close()
}

async function time(work: () => PromiseLike<unknown>): Promise<string> {
  return ms(median(await timings(20, work)))
}

async function comparedRuns(db: Database): Promise<string[]> {
  const first = await recordRun(db, 'compared', STEPS, (step) => [
    { type: 'metrics', step, at: 1_000 * step, values: { loss: 2 + Math.sin(step / 9) } },
    { type: 'evaluation', step, at: 1_000 * step, values: { eval_loss: 2 + Math.cos(step / 30) } },
    ...(step % 40 === 0
      ? [{ type: 'checkpoint' as const, step, path: `checkpoint-${step}`, files_state: 'complete' }]
      : []),
  ])
  return [first, ...(await copyJob(db, first, COMPARED - 1))]
}

function longRun(db: Database): Promise<string> {
  return recordRun(db, 'long', LONG, (step) => [
    { type: 'metrics', step, at: 10 * step, values: { loss: 2 + Math.sin(step / 9_000) } },
  ])
}

async function manyJobs(db: Database): Promise<void> {
  const first = await recordRun(db, 'many', 20, (step) => [
    { type: 'evaluation', step, at: 1_000 * step, values: { eval_loss: 3 / step } },
    { type: 'checkpoint', step, path: `checkpoint-${step}`, files_state: 'complete' },
  ])
  await copyJob(db, first, JOBS - 1)
  // Postgres does so within a minute; without statistics it sorts all jobs for each page.
  await db.sql`analyze`
}

/** Opens a page several times, and uses it the last time. */
async function measured(
  context: BrowserContext,
  what: string,
  address: string,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const served: number[] = []
  const live: number[] = []
  let bytes = 0
  let taken: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const page = await context.newPage()
    const sizes = sizesOf(page)
    const since = performance.now()
    await page.goto(address)
    await page.locator('[data-connection=live]').waitFor({ state: 'attached' })
    live.push(performance.now() - since)
    served.push(await page.evaluate(servedIn))
    if (round === 0) bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    if (round === ROUNDS - 1) taken = await frames(page, () => use(page))
    await page.close()
  }
  printLine(
    `  ${what}: served in ${ms(median(served))}, live after ${ms(median(live))}, ${(bytes / 1e3).toFixed(0)} kB in all; frames in use ${framesText(taken)}`,
  )
}

/** Runs in the page: how long its document took, from its request to its last byte (ms). */
function servedIn(): number {
  const [document] = performance.getEntriesByType('navigation')
  return document instanceof PerformanceNavigationTiming
    ? document.responseEnd - document.requestStart
    : NaN
}

/** The sizes of a page's answers as they were sent, without the live stream, which does not end. */
function sizesOf(page: Page): Promise<number>[] {
  const sizes: Promise<number>[] = []
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'eventsource') return
    // A size is negative for what comes from the browser's cache.
    sizes.push(request.sizes().then(({ responseBodySize }) => Math.max(0, responseBodySize)))
  })
  return sizes
}

async function overChart(page: Page): Promise<void> {
  const chart = page.locator('[role=slider], .layercake-container').first()
  await chart.scrollIntoViewIfNeeded()
  const box = await chart.boundingBox()
  if (!box) throw new Error('The page shows no chart.')
  const y = box.y + box.height / 2
  for (let at = 0; at < 60; at++) await page.mouse.move(box.x + (box.width * at) / 60, y)
  await page.mouse.move(box.x + box.width / 2, y)
  await zoom(page)
}

async function overComparison(page: Page): Promise<void> {
  await overChart(page)
  const rows = page.locator('tr[data-run]')
  for (let row = 0; row < 8; row++) await rows.nth(row).hover()
}

/** What this machine needs for the least picture of the same size: one line per frame. */
async function onlyCanvas(context: BrowserContext): Promise<number[]> {
  const page = await context.newPage()
  await page.setContent('<canvas role="slider" width="1104" height="414"></canvas>')
  await page.evaluate(drawUnderPointer)
  const taken = await frames(page, () => overChart(page))
  await page.close()
  return taken
}

/** Runs in the page. */
function drawUnderPointer(): void {
  const canvas = document.querySelector('canvas')
  const context = canvas?.getContext('2d')
  const draw = (event: MouseEvent): void => {
    event.preventDefault()
    context?.clearRect(0, 0, canvas?.width ?? 0, canvas?.height ?? 0)
    context?.fillRect(event.offsetX, 0, 1, canvas?.height ?? 0)
  }
  canvas?.addEventListener('pointermove', draw)
  canvas?.addEventListener('wheel', draw, { passive: false })
}

async function overList(page: Page): Promise<void> {
  await page.mouse.move(600, 500)
  for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, turn < 20 ? 100 : -100)
}
