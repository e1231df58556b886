import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { browserPath, type Browser } from './browser.ts'

declare module 'vitest' {
  interface ProvidedContext {
    browser: Browser
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** Builds the pages as they are shipped, and finds or fetches a browser, once for all test files. */
export async function setup(project: TestProject): Promise<void> {
  const vite = join(
    dirname(createRequire(import.meta.url).resolve('vite/package.json')),
    'bin/vite.js',
  )
  await run(process.execPath, [vite, 'build', '--logLevel', 'error'], { cwd: root })
  project.provide('browser', await browserPath(join(root, 'node_modules/.cache/chromium')))
}
