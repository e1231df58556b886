import type { Page } from 'playwright-core'

/** Where the page marks the best checkpoint by a drawing. */
const MARKS =
  '[data-best] circle, [data-card=step] circle, .curve circle, [data-ring].is-best circle'

/** The marks of the best whose line is too similar to the page: its colour and width. */
export function faintMarks(page: Page): Promise<string[]> {
  return page.evaluate((marks) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const light = (colour: string) => {
      if (!canvas) return NaN
      canvas.fillStyle = colour
      canvas.fillRect(0, 0, 1, 1)
      const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
        const part = byte / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const ground = light(getComputedStyle(document.body).backgroundColor)
    return [...document.querySelectorAll(marks)].flatMap((mark) => {
      const { stroke, strokeWidth } = getComputedStyle(mark)
      const [low = 0, high = 0] = [light(stroke), ground].sort((one, two) => one - two)
      const isSeen = stroke !== 'none' && parseFloat(strokeWidth) >= 2
      return isSeen && (high + 0.05) / (low + 0.05) >= 3 ? [] : [`${stroke} ${strokeWidth}`]
    })
  }, MARKS)
}

/** What moves: elements with a transition or an animation. */
export function movingParts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element)
        return !/^0s(, 0s)*$/.test(transitionDuration) || animationName !== 'none'
      })
      .map((element) => element.className.toString()),
  )
}
