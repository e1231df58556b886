import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** More controls than any page of the tests has. */
const MOST = 200

/** The control that has the focus, and whether a reader sees that it has it. */
function focused(page: Page): Promise<{ control: string; isSeen: boolean }> {
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

/** Marks what the Tab key must reach: the controls that are shown, one radio button of a group. */
function markControls(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const groups = new Set<string>()
    const isFirst = (radio: HTMLInputElement) => {
      const chosen = document.querySelector(`input[name="${radio.name}"]:checked`)
      if (chosen ? chosen !== radio : groups.has(radio.name)) return false
      groups.add(radio.name)
      return true
    }
    return [...document.querySelectorAll<HTMLElement>('*')]
      .filter(
        (one) =>
          one.tabIndex >= 0 &&
          one.checkVisibility({ visibilityProperty: true }) &&
          !one.matches(':disabled') &&
          (!(one instanceof HTMLInputElement) || one.type !== 'radio' || isFirst(one)),
      )
      .map((one, at) => (one.dataset['control'] = `${at} ${one.outerHTML.slice(0, 100)}`))
  })
}

/** The controls of a page that Tab does not reach, and those where a reader does not see that it did. */
export async function unreached(page: Page): Promise<{ unseen: string[]; missing: string[] }> {
  const missing = new Set(await markControls(page))
  const unseen: string[] = []
  // More charts come into view on the way, so there are more controls than were marked.
  for (let left = 3 * missing.size; left > 0 && missing.size > 0; left--) {
    await page.keyboard.press('Tab')
    const { control, isSeen } = await focused(page)
    if (missing.delete(control) && !isSeen) unseen.push(control)
  }
  return { unseen, missing: [...missing] }
}
