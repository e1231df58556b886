import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { browserPath, launch } from '../apps/web/e2e/browser.ts'
import { ROOT } from './board.ts'

/** Starts the machine's Chromium, or one fetched from the package registry. */
export async function launchBrowser(): Promise<Browser> {
  return launch(await browserPath(join(ROOT, 'apps/web/node_modules/.cache/chromium')))
}
