import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, showOn, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site[Symbol.asyncDispose]())

const VIEWPORT = { width: 1280, height: 800 }

test('the first screen has the decision and its curve', async () => {
  const run = await new Run(site.db, 'first-screen').begin()
  await run.train([3, 2.7, 2.5, 2.3, 2.23, 2.24, 2.235, 2.4, 2.9])
  const page = await (await site.visitor({ viewport: VIEWPORT })).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const card = page.getByRole('region', { name: 'Best checkpoint' })
  const chart = page.getByRole('slider', { name: 'loss by step' })
  for (const part of [card, chart]) {
    const box = await part.boundingBox()
    expect((box?.y ?? NaN) + (box?.height ?? NaN)).toBeLessThanOrEqual(VIEWPORT.height)
  }
  // Only the grid's gap is between the card's last line and its edge.
  const hole = await card.evaluate((element) => {
    const last = element.lastElementChild?.getBoundingClientRect()
    return element.getBoundingClientRect().bottom - (last?.bottom ?? 0)
  })
  expect(hole).toBeLessThanOrEqual(24)
})

test('on a wide screen the checkpoints are beside the chart, on the first screen', async () => {
  const run = await new Run(site.db, 'wide').begin()
  await run.train([3, 2.7, 2.5, 2.3, 2.23, 2.24, 2.235, 2.4, 2.9])
  const page = await (await site.visitor({ viewport: VIEWPORT })).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const chart = page.getByRole('slider', { name: 'loss by step' })
  const table = page.getByRole('table', { name: 'Checkpoints' })
  for (const screen of [
    [1440, 'light'],
    [1920, 'dark'],
    [3840, 'light'],
  ] as const) {
    await showOn(page, screen)
    const [left, right] = [await chart.boundingBox(), await table.boundingBox()]
    expect(right?.x).toBeGreaterThanOrEqual((left?.x ?? NaN) + (left?.width ?? NaN))
    expect(right?.y).toBeLessThan((left?.y ?? NaN) + (left?.height ?? NaN))
    expect((right?.x ?? NaN) + (right?.width ?? NaN)).toBeLessThanOrEqual(screen[0])
  }
  await showOn(page, [1280, 'light'])
  const [above, below] = [await chart.boundingBox(), await table.boundingBox()]
  expect(below?.y).toBeGreaterThan((above?.y ?? NaN) + (above?.height ?? NaN))
})

test('a chip opens its sentence, and there are at most three', async () => {
  const run = await new Run(site.db, 'chips').begin()
  await run.train([3, 2.7, 2.5, 2.3, 2.23, 2.24, 2.235, 2.4, 2.9])
  const page = await (await site.visitor({ viewport: VIEWPORT })).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const card = page.getByRole('region', { name: 'Best checkpoint' })
  const chips = card.locator('[aria-expanded]')
  expect(await chips.count()).toBeGreaterThan(0)
  expect(await chips.count()).toBeLessThanOrEqual(3)
  const overfits = card.getByRole('button', { name: 'overfits' })
  const sentence = card.locator('[data-note=overfitting]')
  expect(await sentence.count()).toBe(0)
  await overfits.click()
  await sentence.waitFor()
  expect(await overfits.getAttribute('aria-expanded')).toBe('true')
  await overfits.click()
  await sentence.waitFor({ state: 'detached' })
})

test('the first chart is that of the deciding metric, with a ring at the best', async () => {
  const run = await new Run(site.db, 'decided-by-f1').begin({
    metric_for_best: 'eval_f1',
    direction: 'max',
    declared_by: 'the test',
  })
  for (const [step, f1] of [
    [100, 0.5],
    [200, 0.8],
    [300, 0.7],
  ] as const) {
    await run.record(
      metrics(step, 1),
      evaluation(step, 3 - step / 1000, { eval_f1: f1 }),
      checkpoint(step),
    )
  }
  const page = await (await site.visitor({ viewport: VIEWPORT })).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('slider', { name: 'f1 by step' }).waitFor()
  await page.locator('path[data-line=eval_f1]').waitFor({ state: 'attached' })
  expect(await page.locator('[data-best="200"] circle').count()).toBe(1)
  await page.getByRole('combobox', { name: 'series' }).selectOption('loss')
  await page.waitForURL(/show=loss/)
  await page.getByRole('combobox', { name: 'series' }).selectOption('f1')
  await page.waitForURL((url) => !url.search.includes('show'))
})
