import { boardToken } from '@bestmark/db'
import { testDatabase, type TestDatabase } from '@bestmark/db/testing'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { inject, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The built pages over a separate database, and a browser to open them. */
export interface Site extends AsyncDisposable {
  url: string
  token: string
  /** The data folder. */
  home: string
  db: TestDatabase
  browser: Browser
  /** The server's process, and its output. */
  server: ChildProcess
  printed: () => string
  /** A browser that has opened the board's link; it is closed when the test ends. */
  visitor: (options?: BrowserContextOptions) => Promise<BrowserContext>
}

/** `through` gives the server another address of the database than the tests use. */
export async function openSite(through?: (databaseUrl: string) => Promise<string>): Promise<Site> {
  const home = await mkdtemp(join(tmpdir(), 'bestmark-site-'))
  const db = await testDatabase()
  const token = await boardToken(home)
  const browser = await chromium.connect(inject('browser'))
  const databaseUrl = through ? await through(db.databaseUrl) : db.databaseUrl
  const { server, url, printed } = await serve(home, databaseUrl)
  return {
    url,
    token,
    home,
    db,
    browser,
    server,
    printed,
    async visitor(options) {
      const context = await browser.newContext({ baseURL: url, ...options })
      onTestFinished(() => context.close())
      await context.request.get(`/?token=${token}`, { headers: { accept: 'text/html' } })
      return context
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      if (server.exitCode === null && server.signalCode === null) {
        server.kill()
        await once(server, 'exit')
      }
      await db[Symbol.asyncDispose]()
      await rm(home, { recursive: true })
    },
  }
}

/** Opens the list, a job or a comparison, and waits until the page receives changes. */
export async function goLive(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await isLive(page)
}

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

/** A server of the pages for a board. */
export async function serve(home: string, databaseUrl: string) {
  const board = { BESTMARK_HOME: home, DATABASE_URL: databaseUrl, PORT: '0' }
  const env = { ...process.env, ...board, BESTMARK_PAGES: inject('pages') }
  const server = fork('serve.ts', {
    cwd: root,
    env,
    execArgv: ['--import', import.meta.resolve('@bestmark/db/loader')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const chunks: string[] = []
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  }
  const printed = () => chunks.join('')
  const message = await Promise.race([
    once(server, 'message').then(([message]) => message as { listening: { port: number } }),
    once(server, 'exit').then(() => Promise.reject(new Error(`the server ended: ${printed()}`))),
  ])
  return { server, printed, url: `http://localhost:${message.listening.port}` }
}
