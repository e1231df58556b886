import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { buildPages } from '../../trainer/src/commands/up/build.ts'
import { browserPath, serveBrowser } from './browser.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the browser that all test files share. */
    browser: string
    /** The folder of the built pages. */
    pages: string
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Finds the built pages, or builds them, and starts a browser, once for all test files.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('pages', await buildPages(new AbortController().signal))
  const browser = await serveBrowser(await browserPath(join(root, 'node_modules/.cache/chromium')))
  project.provide('browser', browser.wsEndpoint())
  return () => browser.close()
}
