import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** The folder of the pictures that a run of the tests leaves; undefined if nobody asked for them. */
const KEPT = process.env['BESTMARK_REPORTS'] && join(process.env['BESTMARK_REPORTS'], 'pages')

/** Keeps a picture of a page as `pages/NAME.png` in BESTMARK_REPORTS. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (!KEPT) return
  await mkdir(KEPT, { recursive: true })
  const file = `${name
    .replaceAll(/[^\w-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 120)}.png`
  await page.screenshot({ path: join(KEPT, file), fullPage: true })
}
