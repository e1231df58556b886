import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepPicture } from './kept.ts'
import { misfitsOf } from './layout.ts'
import { Run } from './runs.ts'
import { faintMarks, movingParts } from './sight.ts'
import { goLive, openSite, showOn, type Site } from './site.ts'

/** How long a test of many pages may take on a busy machine. */
const PATIENT = { timeout: 300_000 }

let site: Site
/** Pages that mark the best by a drawing, by what a picture of them is called. */
let pages: Record<'list' | 'job' | 'report' | 'compare', string>

beforeAll(async () => {
  site = await openSite()
  const one = await (await new Run(site.db, 'moby').begin()).train([3, 2.5, 2.2, 2.23, 2.6])
  const two = await (await new Run(site.db, 'whale').begin({ config: { seed: 2 } })).train([3, 2.6])
  const compare = `/compare?jobs=${one.job_id},${two.job_id}`
  const job = `/jobs/${one.job_id}`
  pages = { list: '/', job, report: `${job}/report`, compare }
})
afterAll(() => site[Symbol.asyncDispose]())

/** Opens each page once, and does something with it. */
async function onEach(look: (page: Page, name: string) => Promise<void>): Promise<void> {
  const page = await (await site.visitor({ viewport: { width: 1280, height: 800 } })).newPage()
  for (const [name, path] of Object.entries(pages)) {
    await page.emulateMedia(AS_USUAL)
    await (name === 'report' ? page.goto(path) : goLive(page, path))
    await look(page, name)
  }
}

const AS_USUAL = { media: null, colorScheme: null, contrast: null, forcedColors: null } as const

test(
  'the mark of the best is seen by its line, also in few colours or with more contrast',
  PATIENT,
  async () => {
    await onEach(async (page, name) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const sight of [{ contrast: 'more' }, { forcedColors: 'active' }, AS_USUAL] as const) {
          await page.emulateMedia({ ...AS_USUAL, ...sight, colorScheme })
          const seen = [name, colorScheme, sight]
          expect([...seen, await faintMarks(page)]).toEqual([...seen, []])
          if (sight !== AS_USUAL)
            await keepPicture(page, `${name} ${Object.values(sight).join()} ${colorScheme}`)
        }
      }
    })
  },
)

test('nothing moves for a reader who asked for less motion', PATIENT, async () => {
  await onEach(async (page, name) => {
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    if (name === 'job') expect(await movingParts(page)).not.toEqual([])
    await page.emulateMedia({ reducedMotion: 'reduce' })
    expect([name, await movingParts(page)]).toEqual([name, []])
  })
})

/** The width of A4 without its margins (CSS px). */
const A4 = 672

test('on paper a page is light and whole, without what only a screen needs', PATIENT, async () => {
  await onEach(async (page, name) => {
    // A printer lays a page out without its script, so a curve must shrink by itself.
    const outside = await page.evaluate((width) => {
      const main = document.querySelector('main')
      if (main) main.style.width = `${width}px`
      const drawn = [...document.querySelectorAll('.layercake-layout-svg :is(path, circle, text)')]
      const beyond = drawn.filter((part) => {
        const box = part.closest('.layercake-container')?.getBoundingClientRect()
        return box && part.getBoundingClientRect().right > box.right + 1
      })
      main?.removeAttribute('style')
      return beyond.map((part) => part.outerHTML)
    }, A4)
    expect([name, outside]).toEqual([name, []])
    await showOn(page, [A4, 'dark'])
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const shown = await page.evaluate(() => ({
      controls: [...document.querySelectorAll('nav, button, .button, input, select')]
        .filter((control) => control.checkVisibility())
        .map((control) => control.outerHTML),
      ground: getComputedStyle(document.documentElement).getPropertyValue('--paper'),
      scheme: getComputedStyle(document.documentElement).colorScheme,
    }))
    expect([name, shown]).toEqual([name, { controls: [], ground: '#fff', scheme: 'light' }])
    const { sideways, cut, overlapping } = await misfitsOf(page)
    expect([name, sideways, cut, overlapping]).toEqual([name, 0, [], []])
    await keepPicture(page, `${name} on paper`)
    await showOn(page, [1280, 'light'])
  })
})
