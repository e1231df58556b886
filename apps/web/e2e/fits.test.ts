import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from './axe.ts'
import { keepPicture } from './kept.ts'
import { type Misfits, misfitsOf } from './layout.ts'
import { ACCOUNT_PAGES, oddBoard, type OddBoard, pagesOf } from './oddJobs.ts'
import { openSite, showOn, type Site, WIDTHS } from './site.ts'

/** The widths of which a run keeps pictures. */
const KEPT = [320, 1280]

interface Look extends Misfits {
  path: string
  screen: string
}

let site: Site
let board: OddBoard
const looks: Look[] = []
const violations: string[] = []
const spaced: Look[] = []

/** Loads each page once, and notes what the rules below ask. */
beforeAll(async () => {
  site = await openSite()
  board = await oddBoard(site.db)
  await lookAtAll()
}, 600_000)
afterAll(() => site[Symbol.asyncDispose]())

async function lookAtAll(): Promise<void> {
  const page = await site.browser.newPage({ baseURL: site.url })
  await page.context().request.get(`/?token=${site.token}`, { headers: { accept: 'text/html' } })
  for (const path of pagesOf(board)) {
    await showOn(page, [1280, 'light'])
    await page.goto(path)
    await isComplete(page)
    if (isOfItsKind(path)) await lookAtColours(page, path)
    for (const width of WIDTHS) {
      await showOn(page, [width, 'light'])
      looks.push({ path: named(path), screen: `${width}`, ...(await misfitsOf(page)) })
      if (KEPT.includes(width)) await keepPicture(page, `${named(path)} ${width} light`)
    }
    if (isOfItsKind(path)) spaced.push(await lookSpaced(page, path))
  }
  await page.close()
}

/** Where a page ends does not depend on its colours, so in the dark only these are looked at. */
async function lookAtColours(page: Page, path: string): Promise<void> {
  await noteViolations(page, path)
  await showOn(page, [1280, 'dark'])
  await noteViolations(page, path, ['color-contrast'])
  await keepPicture(page, `${named(path)} dark`)
}

/** Whether a page has parts that no page before it has. */
function isOfItsKind(path: string): boolean {
  return !ALIKE.some((odd) => path.startsWith(`/jobs/${board[odd]}`))
}
const ALIKE = ['emoji', 'rightToLeft', 'onePoint', 'huge', 'failed', 'lost', 'stopped'] as const

async function noteViolations(page: Page, path: string, rules?: string[]): Promise<void> {
  const found = await violationsOf(page, rules)
  violations.push(...found.map((one) => `${named(path)}: ${one}`))
}

/** Parts that a page loads later are there. */
async function isComplete(page: Page): Promise<void> {
  await page.waitForFunction(() => !/^Loading the .+\.$/m.test(document.body.innerText))
}

/** On a small screen, with the spaces that a reader may ask for (WCAG 1.4.12). */
async function lookSpaced(page: Page, path: string): Promise<Look> {
  await showOn(page, [320, 'light'])
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`* {
      line-height: 1.5 !important; letter-spacing: 0.12em !important;
      word-spacing: 0.16em !important }
      p { margin-bottom: 2em !important }`)
    document.adoptedStyleSheets.push(sheet)
  })
  return { path: named(path), screen: 'spaced', ...(await misfitsOf(page)) }
}

/** A path with the names of the jobs instead of their ids. */
function named(path: string): string {
  return Object.entries(board).reduce((text, [odd, id]) => text.replaceAll(id, odd), path)
}

/** The findings in the looks at pages, one line each. */
const lines = (of: Look[], found: (look: Look) => readonly string[]) =>
  of.flatMap((look) => found(look).map((one) => `${look.path} ${look.screen}: ${one}`))
const sideways = ({ sideways: by }: Look) => (by === 0 ? [] : [`${by} px`])

test('each page is in the list, or is looked at where people sign in', async () => {
  const routes = fileURLToPath(new URL('../src/routes', import.meta.url))
  const files = await readdir(routes, { recursive: true })
  const pages = files.filter((path) => /(^|\/)\+page\.svelte$/.test(path))
  const names = pages.map((path) => `/${path.split('/').slice(0, -1).join('/')}`)
  const listed = [...pagesOf(board), ...ACCOUNT_PAGES].map((path) => {
    return path.replace(/\?.*/, '').replace(/^\/jobs\/[^/]+/, '/jobs/[id]')
  })
  expect(names.filter((name) => !listed.includes(name))).toEqual([])
})

test('axe finds nothing on any page, in light or dark', () => {
  expect(violations).toEqual([])
})

test('no page scrolls sideways, from 320 to 3840 px', () => {
  expect(looks).toHaveLength(WIDTHS.length * pagesOf(board).length)
  expect(lines(looks, sideways)).toEqual([])
})

test('what is cut has the whole as its title', () => {
  expect(lines(looks, ({ cut }) => cut)).toEqual([])
})

test('no text is drawn over another', () => {
  expect(lines(looks, ({ overlapping }) => overlapping)).toEqual([])
})

test('a page fits with wider spaces between letters, words, lines and paragraphs', () => {
  expect(lines(spaced, sideways)).toEqual([])
  expect(lines(spaced, ({ cut }) => cut)).toEqual([])
  expect(lines(spaced, ({ overlapping }) => overlapping)).toEqual([])
})
