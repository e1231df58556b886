import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/**
 * Expects that the curve of the loss comes to have this many points. The words of a page may change
 * one frame before its first curve is drawn.
 */
export async function expectLossPoints(page: Page, count: number): Promise<void> {
  const line = page.locator('path[data-line=loss]')
  await expect.poll(async () => (await line.getAttribute('d'))?.match(/[ML]/g)?.length).toBe(count)
}
