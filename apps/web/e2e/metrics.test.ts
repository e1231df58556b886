import { buffer } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpoint, evaluation, metrics, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

const STEPS = 400

/** A run with sixty series: one has a spike, one only NaN, one a single point. */
beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'many-metrics').begin()
  const names = Array.from({ length: 52 }, (_, index) => `layers/grad_norm.${index}`)
  const events = Array.from({ length: STEPS }, (_, index) => {
    const step = index + 1
    const layers = names.map((name, at) => [name, 1 + at + Math.sin(step / 20 + at)] as const)
    const values = {
      ...Object.fromEntries(layers),
      'train/spiky': step === 200 ? 1_000 : 2 + 1 / step,
      'train/broken': NaN,
      lr: 1e-3 * (1 - step / STEPS),
      ...(step === 7 && { 'system/started': 1 }),
    }
    return { ...metrics(step, 2 + 2 / step + Math.sin(step) / 10), values }
  })
  await run.record(...events)
  for (const [index, loss] of [3, 2.5, 2.2, 2.4].entries()) {
    const step = 100 * (index + 1)
    await run.record(evaluation(step, loss, { eval_acc: index / 4 }), checkpoint(step))
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function openGrid(search = 'tab=metrics', width = 1280): Promise<Page> {
  const visitor = await site.visitor({ viewport: { width, height: 900 } })
  const page = await visitor.newPage()
  await goLive(page, `/jobs/${run.job_id}?${search}`)
  page.setDefaultTimeout(15_000)
  await scrollToGrid(page)
  return page
}

/** The grid is below the first screen, and charts far from the screen are not drawn. */
async function scrollToGrid(page: Page): Promise<void> {
  const search = page.getByRole('searchbox', { name: 'find metrics' })
  await search.waitFor()
  await search.evaluate((element) => element.scrollIntoView())
}

const chart = (page: Page, name: string) =>
  page.getByRole('slider', { name: `${name} by step`, exact: true })
const group = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

test('the grid opens on demand, and reads a screenful with one request', async () => {
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${run.job_id}`)
  const requested: string[] = []
  page.on('request', (request) => requested.push(decodeURIComponent(request.url())))
  await page.getByRole('tab', { name: 'Metrics 58' }).click()
  await chart(page, 'eval_acc').waitFor()
  expect(requested.filter((url) => url.includes('/series.read'))).toHaveLength(1)
  // A chart far below the screen is neither read nor drawn.
  const drawn = await page.locator('canvas').count()
  expect(drawn).toBeGreaterThan(2)
  expect(drawn).toBeLessThan(40)
  expect(requested.some((url) => url.includes('grad_norm.51'))).toBe(false)
  await page.locator('li:has([title="layers/grad_norm.51"])').scrollIntoViewIfNeeded()
  await chart(page, 'layers/grad_norm.51').waitFor()
})

test('search, pins, folded groups and the axis stay after a reload', async () => {
  const page = await openGrid()
  await page.getByRole('searchbox', { name: 'find metrics' }).fill('loss')
  await group(page, 'layers').waitFor({ state: 'detached' })
  await chart(page, 'eval_loss').waitFor()
  await page.getByRole('searchbox', { name: 'find metrics' }).fill('lr')
  await page.getByRole('button', { name: 'pin lr' }).click()
  await page.getByRole('searchbox', { name: 'find metrics' }).fill('')
  await group(page, 'pinned').getByRole('slider', { name: 'lr by step' }).waitFor()
  await group(page, 'layers')
    .getByRole('button', { name: /^layers/ })
    .click()
  await page.getByRole('group', { name: 'horizontal axis' }).last().getByText('time').click()
  await page.waitForURL(/pin=lr.*fold=layers.*x=time/)
  await page.reload()
  await scrollToGrid(page)
  await group(page, 'pinned').getByRole('slider', { name: 'lr by time' }).waitFor()
  expect(await group(page, 'layers').getByRole('listitem').count()).toBe(0)
})

test('a drag zooms every chart, the wheel with Ctrl too, and a double click shows all', async () => {
  const page = await openGrid()
  const box = await chart(page, 'eval_acc').boundingBox()
  if (!box) throw new Error('The chart is not visible.')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * 0.25, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/window=/)
  const from = async (name: string) => Number(await chart(page, name).getAttribute('aria-valuemin'))
  const first = await from('eval_loss')
  expect(first).toBeGreaterThan(100)
  await page.mouse.move(box.x + box.width / 2, y)
  await page.keyboard.down('Control')
  await page.mouse.wheel(0, -200)
  await page.keyboard.up('Control')
  await expect.poll(() => from('eval_loss')).toBeGreaterThan(first)
  await page.mouse.dblclick(box.x + box.width / 2, y)
  await page.waitForURL((url) => !url.search.includes('window'))
})

test('all charts share one crosshair, by mouse and by keyboard', async () => {
  const page = await openGrid()
  const value = (name: string) => page.locator('li', { hasText: name }).locator('.value').first()
  await chart(page, 'eval_acc').focus()
  await page.keyboard.press('ArrowRight')
  expect(await value('eval_acc').getAttribute('title')).toBe('at step 100')
  await expect.poll(() => value('eval_loss').innerText()).toBe('3.000')
  await page.keyboard.press('b')
  await expect.poll(() => value('eval_loss').innerText()).toBe('2.200')
  expect(await chart(page, 'eval_acc').getAttribute('aria-valuetext')).toContain('the best')
})

test('a spike is left out and mentioned, until the reader chooses to show it', async () => {
  const page = await openGrid('tab=metrics&find=spiky')
  await page.getByText('1 outlier is not shown: 1000').first().waitFor()
  await page.getByRole('checkbox', { name: 'hide outliers' }).last().uncheck()
  await page.getByText('outlier is not shown').first().waitFor({ state: 'detached' })
  await page.waitForURL(/clip=0/)
})

test('each chart has a text, even with a single point or only NaN', async () => {
  const page = await openGrid('tab=metrics&fold=layers')
  for (const text of [
    'system/started: 1 point at step 7, lowest 1.000 at step 7, highest 1.000 at step 7, last 1.000',
    'train/broken: 400 points from step 1 to 400, none of them finite',
  ]) {
    const name = text.split(':')[0] ?? ''
    await page.locator('li', { hasText: name }).scrollIntoViewIfNeeded()
    await page.getByLabel(text, { exact: true }).waitFor()
  }
})

test('a chart fills the screen, also after a reload, and can be closed', async () => {
  const page = await openGrid()
  await page.getByRole('button', { name: 'full screen eval_loss' }).click()
  const dialog = page.getByRole('dialog', { name: 'eval_loss' })
  await dialog.getByRole('slider', { name: 'eval_loss by step, full screen' }).waitFor()
  await page.waitForURL(/full=eval_loss/)
  await page.reload()
  await dialog.locator('[data-best="300"]').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.waitForURL((url) => !url.search.includes('full'))
})

test('a chart that has the focus keeps it when it is scrolled far away, and after its full screen', async () => {
  const page = await openGrid()
  const opener = page.getByRole('button', { name: 'full screen eval_loss' })
  await opener.focus()
  const away = page.locator('li:has([title="layers/grad_norm.51"])')
  await away.scrollIntoViewIfNeeded()
  await chart(page, 'layers/grad_norm.51').waitFor()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'eval_loss' })
  await dialog.waitFor()
  await away.evaluate((element) => element.scrollIntoView())
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true)
})

test('the shown charts are saved as CSV, SVG and PNG', async () => {
  const page = await openGrid('tab=metrics&find=eval_')
  const saved = async (way: string) => {
    const waiting = page.waitForEvent('download')
    await page.getByRole('button', { name: way, exact: true }).click()
    const file = await waiting
    return { name: file.suggestedFilename(), bytes: await buffer(await file.createReadStream()) }
  }
  const csv = await saved('CSV')
  expect(csv.name).toBe('many-metrics.csv')
  expect(csv.bytes.toString()).toContain('eval_loss,300,2.2\n')
  expect((await saved('SVG')).bytes.toString()).toContain('>eval_loss</text>')
  expect((await saved('PNG')).bytes.subarray(1, 4).toString()).toBe('PNG')
})

test('Ctrl+P prints all charts of the grid, also those that were never on the screen', async () => {
  const page = await openGrid()
  const charts = page.locator('canvas')
  await charts.first().waitFor()
  expect(await charts.count()).toBeLessThan(40)
  await page.evaluate(() => {
    window.print = () => {
      dispatchEvent(new Event('beforeprint'))
      const empty = [...document.querySelectorAll('canvas')].flatMap((canvas) => {
        const { width, height } = canvas
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data
        const name = canvas.closest('li')?.querySelector('.name')?.getAttribute('title')
        return pixels?.some((byte) => byte > 0) ? [] : [name]
      })
      const count = document.querySelectorAll('canvas').length
      document.body.dataset['printed'] = `${count} charts, empty: ${empty.join()}`
      dispatchEvent(new Event('afterprint'))
    }
  })
  await page.keyboard.press('Control+p')
  // The series of only NaN has no line.
  await page.locator('body[data-printed]').waitFor()
  expect(await page.locator('body').getAttribute('data-printed')).toBe(
    '58 charts, empty: train/broken',
  )
  await expect.poll(() => charts.count()).toBeLessThan(40)
})

test('new points reach the charts in view', async () => {
  const live = await new Run(site.db, 'live-metrics').begin()
  await live.record({ ...metrics(1, 1), values: { mine: 1 } })
  const page = await (await site.visitor()).newPage()
  await goLive(page, `/jobs/${live.job_id}?tab=metrics`)
  await scrollToGrid(page)
  await page.getByLabel(/^mine: 1 point/).waitFor()
  await live.record({ ...metrics(2, 1), values: { mine: 5 } })
  await page.getByLabel(/^mine: 2 points from step 1 to 2, .*last 5\.000$/).waitFor()
})
