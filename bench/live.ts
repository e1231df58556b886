import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase, type Database } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { boardEnv, startBoard, temporaryFolder } from '../e2e/board.ts'
import { launchBrowser } from '../e2e/browser.ts'
import { median, ms, quantile, printLine } from './figures.ts'
import { beginRun, type WrittenRun } from './run.ts'

const POINTS = 500
/** Milliseconds between points: 20 per second, as a small model logs. */
const EVERY = 50

/** Milliseconds per point, from its line in the journal to the changed text in Chromium. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  await using board = await startBoard(boardEnv(home.path), ['--no-demo'])
  const db = await openDatabase({ home: home.path })
  const run = await beginRun(db, home.path, POINTS)
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  await page.goto(board.link)
  await page.goto(new URL(`/jobs/${run.job_id}`, board.link).href)
  const written = await writePoints(page, run)
  const shown = await page.evaluate(() => window.shownAt)
  const delays = written.map((at, step) => arrival(shown, step) - at).slice(1)
  const notify = await notifications(db)
  await db.close()
  const [p50, p99] = [median(delays), quantile(delays, 0.99)]
  const [floor, highest] = [median(notify), quantile(notify, 0.99)]
  printLine(
    `  ${delays.length} points: median ${ms(p50)}, p99 ${ms(p99)}; one notification of the database ${ms(floor)}, p99 ${ms(highest)}: ${(p50 / floor).toFixed(0)} times`,
  )
}

declare global {
  interface Window {
    /** When the page first showed each step, in milliseconds since the epoch. */
    shownAt: Record<number, number>
  }
}

/** Appends points at a fixed pace once the page watches; returns when each was written. */
async function writePoints(page: Page, { journal }: WrittenRun): Promise<number[]> {
  journal.append({ type: 'metrics', attempt: 0, step: 0, at: Date.now(), values: { loss: 1 } })
  await page.getByText(`step 0 of ${POINTS}`).first().waitFor()
  await page.evaluate(watchSteps)
  const written: number[] = [Date.now()]
  for (let step = 1; step <= POINTS; step++) {
    await sleep(EVERY)
    const at = performance.timeOrigin + performance.now()
    journal.append({ type: 'metrics', attempt: 0, step, at, values: { loss: 1 / step } })
    written.push(at)
  }
  await page.getByText(`step ${POINTS} of ${POINTS}`).first().waitFor()
  return written
}

/** Runs in the page. */
function watchSteps(): void {
  window.shownAt = {}
  const look = (): void => {
    const step = /step ([\d,]+) of/.exec(document.querySelector('header .state')?.textContent ?? '')
    const shown = Number(step?.[1]?.replaceAll(',', ''))
    window.shownAt[shown] ??= performance.timeOrigin + performance.now()
  }
  const options = { subtree: true, childList: true, characterData: true }
  new MutationObserver(look).observe(document.body, options)
}

/** When a step was first shown, or a later step that came in the same message. */
function arrival(shown: Record<number, number>, step: number): number {
  for (let at = step; at <= POINTS; at++) {
    const first = shown[at]
    if (first !== undefined) return first
  }
  return Infinity
}

async function notifications({ sql }: Database): Promise<number[]> {
  const taken: number[] = []
  let onNotify = (): void => undefined
  await sql.listen('bench', () => onNotify())
  for (let round = 0; round < 200; round++) {
    const since = performance.now()
    const arrived = new Promise<void>((resolve) => (onNotify = resolve))
    await sql.notify('bench', '')
    await arrived
    taken.push(performance.now() - since)
  }
  return taken
}
