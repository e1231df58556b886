import type { Page } from 'playwright-core'
import { median, ms, quantile } from './figures.ts'

declare global {
  interface Window {
    frames_taken: number[] | undefined
  }
}

/** How long each frame took (ms) while something happens. */
export async function frames(page: Page, happens: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    window.frames_taken = []
    let before = performance.now()
    const next = (now: number): void => {
      window.frames_taken?.push(now - before)
      before = now
      if (window.frames_taken) requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  })
  await happens()
  return page.evaluate(() => {
    const taken = window.frames_taken ?? []
    window.frames_taken = undefined
    return taken
  })
}

export function framesText(taken: readonly number[]): string {
  return `${ms(median(taken))} (p99 ${ms(quantile(taken, 0.99))}, longest ${ms(Math.max(...taken))})`
}

/** Zooms in and out with the mouse at its position. */
export async function zoom(page: Page): Promise<void> {
  await page.keyboard.down('Control')
  for (let turn = 0; turn < 30; turn++) await page.mouse.wheel(0, turn < 15 ? -40 : 40)
  await page.keyboard.up('Control')
}
