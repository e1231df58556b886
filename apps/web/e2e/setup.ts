import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { buildPages } from '../../trainer/src/commands/up/build.ts'
import { browserPath, type Browser } from './browser.ts'

declare module 'vitest' {
  interface ProvidedContext {
    browser: Browser
    /** The folder of the built pages. */
    pages: string
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Finds the pages as they are shipped, or builds them, and finds or fetches a browser, once for all
 * test files.
 */
export async function setup(project: TestProject): Promise<void> {
  project.provide('pages', await buildPages(new AbortController().signal))
  project.provide('browser', await browserPath(join(root, 'node_modules/.cache/chromium')))
}
