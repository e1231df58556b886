import { boardToken } from '@bestmark/db'
import { openTestDatabase, testDatabase, type TestDatabase } from '@bestmark/db/testing'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { inject, onTestFinished } from 'vitest'
import { serve } from './webServer.ts'

/** The built pages over a board, and a browser to open them. */
export interface Site extends AsyncDisposable {
  url: string
  token: string
  /** The data folder. */
  home: string
  db: TestDatabase
  browser: Browser
  /** A browser that has opened the board's link; it is closed when the test ends. */
  visitor: (options?: BrowserContextOptions) => Promise<BrowserContext>
}

/** A site whose server no other file uses. */
export interface OwnSite extends Site {
  /** The server's process, and its output. */
  server: ChildProcess
  printed: () => string
}

/** The built pages over an empty board. Its server and database are those of the test process. */
export async function openSite(): Promise<Site> {
  const { url, home, databaseUrl } = sharedSite()
  const db = openTestDatabase(databaseUrl)
  await db.empty()
  return siteOf({ url, home, db })
}

/** As many sites are started as files run at a time; each of these processes has its own number. */
function sharedSite() {
  const id = Number(process.env['VITEST_POOL_ID'])
  const site = inject('sites')[id - 1]
  if (!site) throw new Error(`No site was started for the test process ${id}.`)
  return site
}

/**
 * A site of one file, for tests that harm the server or look into it. `through` gives the server
 * another address of the database than the tests use. `more` are variables of the server.
 */
export async function openOwnSite(
  through?: (databaseUrl: string) => Promise<string>,
  more: NodeJS.ProcessEnv = {},
): Promise<OwnSite> {
  const home = await mkdtemp(join(tmpdir(), 'bestmark-site-'))
  const db = await testDatabase()
  const databaseUrl = through ? await through(db.databaseUrl) : db.databaseUrl
  const { server, url, printed, stop } = await serve(home, databaseUrl, inject('pages'), more)
  const site = await siteOf({ url, home, db })
  const dispose = async (): Promise<void> => {
    await site.browser.close()
    await stop()
    await db[Symbol.asyncDispose]()
    await rm(home, { recursive: true })
  }
  return { ...site, server, printed, [Symbol.asyncDispose]: dispose }
}

async function siteOf({ url, home, db }: Pick<Site, 'url' | 'home' | 'db'>): Promise<Site> {
  const token = await boardToken(home)
  const browser = await chromium.connect(inject('browser'))
  return {
    ...{ url, token, home, db, browser },
    async visitor(options) {
      const context = await browser.newContext({ baseURL: url, ...options })
      onTestFinished(() => context.close())
      await context.request.get(`/?token=${token}`, { headers: { accept: 'text/html' } })
      return context
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await db[Symbol.asyncDispose]()
    },
  }
}

/** Opens the list, a job or a comparison, and waits until the page receives changes. */
export async function goLive(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await isLive(page)
}

/** From the smallest phone, or a desktop at 400 %, to a wall. */
export const WIDTHS = [320, 768, 1280, 1920, 3840]

/** How wide a screen is (px), and its colours. */
export type Screen = readonly [width: number, colorScheme: 'light' | 'dark']

/** Changes the screen of a page, which takes less than another browser context. */
export async function showOn(page: Page, [width, colorScheme]: Screen): Promise<void> {
  await page.setViewportSize({ width, height: 800 })
  await page.emulateMedia({ colorScheme })
  // Charts take their new size in the frame after it.
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  )
}

export async function isLive(page: Page): Promise<void> {
  await page.locator('[data-connection=live]').waitFor({ state: 'attached' })
}
