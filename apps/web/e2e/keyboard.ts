import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** More controls than any page of the tests has. */
const MOST = 200

/** The control that has the focus, and whether a reader sees that it has it. */
export function focused(page: Page): Promise<{ control: string; isSeen: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement)) return { control: '', isSeen: false }
    const isOutlined = [undefined, '::after'].some((pseudo) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element, pseudo)
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1
    })
    const { top, bottom } = element.getBoundingClientRect()
    const isSeen = isOutlined && bottom > 0 && top < innerHeight
    return { control: element.dataset['control'] ?? '', isSeen }
  })
}

/** Presses Tab until a control has the focus, and expects that a reader sees it there. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  await control.waitFor()
  const has = () => control.evaluate((element) => element === document.activeElement)
  for (let left = MOST; left > 0 && !(await has()); left--) await page.keyboard.press('Tab')
  const name = await control.evaluate((element) => element.outerHTML.slice(0, 160))
  expect([name, await has(), (await focused(page)).isSeen]).toEqual([name, true, true])
}

/** Reaches a control with Tab and presses a key there. */
export async function pressOn(page: Page, control: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, control)
  await page.keyboard.press(key)
}

/** Expects that some control has the focus, so that Tab goes on from there. */
export async function keepsFocus(page: Page, after: string): Promise<void> {
  const isLost = () => page.evaluate(() => document.activeElement === document.body)
  await expect.poll(async () => [after, await isLost()]).toEqual([after, false])
}
