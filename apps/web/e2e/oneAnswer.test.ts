import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

/** The step of the best checkpoint in five parts of the page. */
interface Answers {
  ring: string
  card: string
  path: string
  row: string
  radio: string
}

/** Records the five steps whenever anything on the page changes. */
function noteAnswers(page: Page): Promise<void> {
  return page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent ?? ''
    const stepIn = (words: string) => /(?:step |checkpoint-)([\d,]+)/.exec(words)?.[1] ?? ''
    const radio = () => document.querySelector('input[name=checkpoint]:checked')?.closest('tr')
    const answers = (): Answers => ({
      ring: document.querySelector('[data-best]')?.getAttribute('data-best') ?? '',
      card: stepIn(text('[aria-labelledby=best] [data-card=step]')),
      path: stepIn(text('[aria-labelledby=best] [data-card=path]')),
      row: stepIn(text('tr.best .which')),
      radio: stepIn(radio()?.textContent ?? ''),
    })
    const noted: Answers[] = [answers()]
    new MutationObserver(() => noted.push(answers())).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    })
    Object.assign(window, { noted })
  })
}

test('ring, card, path, row and radio button name the same checkpoint at every moment', async () => {
  const run = await (await new Run(site.db, 'one-answer').begin()).train([3, 2.9])
  const page = await (await site.visitor()).newPage()
  // A slow answer makes each moment in between long enough to observe.
  await page.route('**/trpc/**', async (route) => {
    if (!route.request().url().includes('/watch')) await new Promise((go) => setTimeout(go, 200))
    await route.continue()
  })
  await goLive(page, `/jobs/${run.job_id}`)
  await page.locator('[data-best="200"]').waitFor()
  await noteAnswers(page)
  for (const step of [300, 400, 500]) {
    await run.record(metrics(step, 1), evaluation(step, 3 - step / 1000), checkpoint(step))
    await page.locator(`[data-best="${step}"]`).waitFor()
  }
  // The files of the best are gone: the previous best replaces it.
  await run.record({
    ...checkpoint(500),
    type: 'files',
    files_state: 'missing',
    files_why: 'deleted',
  })
  await page.locator('[data-best="400"]').waitFor()
  const noted = await page.evaluate(() => (window as unknown as { noted: Answers[] }).noted)
  const split = noted.filter((answers) => new Set(Object.values(answers)).size > 1)
  expect(split).toEqual([])
  expect(new Set(noted.map(({ path }) => path))).toEqual(new Set(['200', '300', '400', '500']))
})

test('the card shows the best path of the status', async () => {
  const run = await (await new Run(site.db, 'carried').begin()).train([3, 2])
  await site.db.sql`update training_jobs set best_checkpoint_path = '/elsewhere/checkpoint-200'
    where job_id = ${run.job_id}`
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  expect(await page.locator('[data-card=path]').textContent()).toBe('/elsewhere/checkpoint-200')
})
