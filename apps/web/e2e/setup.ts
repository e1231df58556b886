import { newDatabase } from '@bestmark/db/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { buildPages } from '../../trainer/src/commands/up/build.ts'
import { browserPath, serveBrowser } from './browser.ts'
import { serve } from './webServer.ts'

/** A running server of the pages over an empty board. */
interface SharedSite {
  url: string
  home: string
  databaseUrl: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the browser that all test files share. */
    browser: string
    /** The folder of the built pages. */
    pages: string
    /** One site for each file that runs at the same time. */
    sites: SharedSite[]
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** Finds the built pages, or builds them, and starts a browser and sites, once for all test files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const pages = await buildPages(new AbortController().signal)
  const browser = await serveBrowser(await browserPath(join(root, 'node_modules/.cache/chromium')))
  const started = await Promise.all(
    Array.from({ length: project.config.maxWorkers }, () => startSite(pages)),
  )
  project.provide('pages', pages)
  project.provide('browser', browser.wsEndpoint())
  project.provide(
    'sites',
    started.map(({ site }) => site),
  )
  return async () => {
    await browser.close()
    for (const { stop } of started) await stop()
  }
}

async function startSite(pages: string) {
  const home = await mkdtemp(join(tmpdir(), 'bestmark-site-'))
  const { databaseUrl, drop } = await newDatabase()
  const { url, stop: stopServer, printed } = await serve(home, databaseUrl, pages)
  const stop = async (): Promise<void> => {
    await stopServer()
    await drop()
    await rm(home, { recursive: true })
    if (printed()) throw new Error(`A server of the tests reported errors:\n${printed()}`)
  }
  const site: SharedSite = { url, home, databaseUrl }
  return { site, stop }
}
