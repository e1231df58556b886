import { TrainingEvent } from '@bestmark/core'
import { listSamples } from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture, sound } from './pictures.ts'
import { checkpoint, evaluation, Run } from './runs.ts'
import { goLive, openSite, type Site } from './site.ts'

let site: Site
let run: Run

/** How long a picture may take on a busy machine. */
const PATIENT = { timeout: 15_000 }

const sample = (step: number, more: object) =>
  TrainingEvent.parse({ type: 'sample', attempt: 0, at: 1, step, ...more })
const image = (step: number, prompt_index = 0, content: string | null = picture(step / 2)) =>
  sample(step, {
    ...{ kind: 'image', prompt_index, prompt: prompt_index === 0 ? 'a red fox' : 'an owl' },
    ...{ path: `sample/${step}-${prompt_index}.png`, content },
  })

/** A run whose best is step 200 of 400, with two images, a text and a sound at each step. */
beforeAll(async () => {
  site = await openSite()
  run = await new Run(site.db, 'painter').begin()
  for (const step of [100, 200, 300, 400]) {
    await run.record(
      ...[evaluation(step, step === 200 ? 1 : 2), checkpoint(step), image(step), image(step, 1)],
      sample(step, { kind: 'text', prompt_index: 2, text: `Call me Ishmael number ${step}` }),
      sample(step, { kind: 'audio', prompt_index: 3, path: `${step}.wav`, content: sound() }),
    )
  }
})
afterAll(() => site[Symbol.asyncDispose]())

async function openSamples(job_id = run.job_id, more = ''): Promise<Page> {
  const page = await (await site.visitor({ viewport: { width: 1280, height: 900 } })).newPage()
  page.setDefaultTimeout(15_000)
  await goLive(page, `/jobs/${job_id}?tab=samples${more}`)
  return page
}

const slider = (page: Page, side: string) =>
  page.getByRole('slider', { name: `step on the ${side}` })
const isDrawn = (element: Element) =>
  element instanceof HTMLImageElement && element.naturalWidth > 0

test('the best and the last are side by side, prompt by prompt, and are marked in the strip', async () => {
  const page = await openSamples()
  const fox = page.getByRole('region', { name: 'a red fox' })
  await fox.getByRole('img').first().waitFor()
  const names = await fox
    .getByRole('img')
    .evaluateAll((all) => all.map((one) => one.getAttribute('alt')))
  expect(names).toEqual(['Image of step 200: a red fox', 'Image of step 400: a red fox'])
  await expect.poll(() => fox.getByRole('img').first().evaluate(isDrawn), PATIENT).toBe(true)
  const strip = page.getByRole('listbox', { name: /^samples by step/ })
  const options = await strip
    .getByRole('option')
    .evaluateAll((all) => all.map((one) => one.ariaLabel))
  expect(options).toEqual(['step 100', 'step 200, best, left', 'step 300', 'step 400, last, right'])
  await page.getByText('Call me Ishmael number').first().waitFor()
})

test('keys and clicks change the sides, and the address holds them', async () => {
  const page = await openSamples()
  await page.getByRole('listbox').press('ArrowLeft')
  await page.waitForURL(/right=0.300/)
  await slider(page, 'left').press('ArrowLeft')
  await page.waitForURL(/left=0.100/)
  await page.getByRole('option', { name: 'step 200' }).click()
  await page.waitForURL(/right=0.200/)
  await page.reload()
  await page.getByRole('img', { name: 'Image of step 100: an owl' }).waitFor()
  await page.getByRole('img', { name: 'Image of step 200: an owl' }).waitFor()
})

test('words that the other text does not have are marked', async () => {
  const page = await openSamples()
  const texts = page.getByRole('region', { name: 'Prompt 3' })
  await texts.locator('mark').first().waitFor()
  expect(await texts.locator('mark').allTextContents()).toEqual(['400'])
})

test('both sounds play in turn', async () => {
  const page = await openSamples()
  const sounds = page.getByRole('region', { name: 'Prompt 4' })
  await sounds.getByRole('button', { name: 'Play both in turn' }).click()
  const ended = () =>
    sounds
      .locator('audio')
      .evaluateAll((all) => all.every((one) => one instanceof HTMLAudioElement && one.ended))
  await expect.poll(ended, PATIENT).toBe(true)
})

test('a new sample appears on the open page', async () => {
  const painter = await new Run(site.db, 'live').begin()
  await painter.record(image(100))
  const page = await openSamples(painter.job_id)
  await page.getByRole('option', { name: 'step 100' }).waitFor()
  await painter.record(image(200))
  await page.getByRole('option', { name: 'step 200' }).waitFor()
  await page.getByRole('tab', { name: 'Samples 2' }).waitFor()
})

test('of a thousand samples only those in sight are in the page', async () => {
  const long = await new Run(site.db, 'long').begin()
  const all = Array.from({ length: 1_000 }, (_, at) =>
    sample(at + 1, { kind: 'text', text: `text ${at + 1}` }),
  )
  await long.record(...all)
  const page = await openSamples(long.job_id)
  await page.getByRole('option', { name: 'step 1,000' }).waitFor()
  expect(await page.getByRole('listbox').getByRole('option').count()).toBeLessThan(40)
  await page.getByRole('listbox').press('Home')
  await page.getByRole('option', { name: 'step 1, ' }).waitFor()
})

test('a run without samples says how to get some', async () => {
  const bare = await new Run(site.db, 'bare').begin()
  const page = await openSamples(bare.job_id)
  await page.getByText('There are three ways').waitFor()
})

test('a damaged image and a file that is not shown say so', async () => {
  const broken = await new Run(site.db, 'broken').begin()
  const cut = Buffer.from(picture(1), 'base64').subarray(0, 20).toString('base64')
  await broken.record(image(100, 0, cut), image(200, 0, null))
  const page = await openSamples(broken.job_id)
  await page.getByText('sample/100-0.png is damaged').waitFor()
  await page.getByText('sample/200-0.png is not read yet').waitFor()
})

test('the dialog and the report show the best beside the last', async () => {
  const page = await openSamples()
  await goLive(page, `/jobs/${run.job_id}`)
  await page.getByRole('button', { name: 'Deploy this checkpoint' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('img', { name: 'Image of step 200: a red fox' }).waitFor()
  await dialog.getByRole('img', { name: 'Image of step 400: a red fox' }).waitFor()
  await page.goto(`/jobs/${run.job_id}/report`)
  const images = page.getByRole('img', { name: /^Image of step/ })
  expect(await images.count()).toBe(4)
  await expect.poll(() => images.first().evaluate(isDrawn), PATIENT).toBe(true)
  const markdown = await (await page.request.get(`/jobs/${run.job_id}/report.md`)).text()
  expect(markdown).toContain('Call me Ishmael number 200')
  const html = await (await page.request.get(`/jobs/${run.job_id}/report.html`)).text()
  expect(html).toContain('data:image/png;base64,')
})

test('the file of a sample is sent as what it is, and runs nothing', async () => {
  const page = await openSamples()
  const { samples } = await listSamples(site.db, run.job_id)
  const [first] = samples
  const address = `/jobs/${run.job_id}/samples/${first?.sample_id}`
  const answer = await page.request.get(address)
  expect(answer.headers()).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox') as unknown,
  })
  const other = await new Run(site.db, 'other').begin()
  for (const wrong of [`/jobs/${other.job_id}/samples/${first?.sample_id}`, `${address}x`]) {
    expect((await page.request.get(wrong)).status()).toBe(404)
  }
  const stranger = await fetch(`${site.url}${address}`)
  expect(stranger.status).toBe(401)
})
