/** The height of a line that is not wrapped (px). */
export const LINE = 20
/** The tallest content that every browser can scroll (px). */
const TALLEST = 8_000_000

/** The height (px) of each stored line outside of the window. */
export function heightOfHidden(stored: number): number {
  return Math.min(LINE, TALLEST / Math.max(1, stored))
}

/** What a scroll box shows (px), and the lines outside of its window. */
interface Scrolled {
  top: number
  height: number
  /** Where the lines of the window begin and end. */
  list: { top: number; bottom: number }
  /** The ordinals of the first stored line and of the line after the window. */
  first: number
  next: number
  /** The height of a line that is not in the window. */
  hidden: number
}

/** The ordinal of the line in the middle of the box; undefined if the window is in view. */
export function lineOutOfWindow(scrolled: Scrolled): number | undefined {
  const { top, height, list, first, next, hidden } = scrolled
  const middle = top + height / 2
  if (top + height < list.top) return first + Math.floor(middle / hidden)
  if (top > list.bottom) return next + Math.floor((middle - list.bottom) / hidden)
  return undefined
}

/** The first of some elements, which are below each other, that ends below `top` (px of the screen). */
export function firstBelow(elements: HTMLCollection, top: number): Element | undefined {
  let [low, high] = [0, elements.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const bottom = elements[middle]?.getBoundingClientRect().bottom ?? Infinity
    if (bottom > top) high = middle
    else low = middle + 1
  }
  return elements[low]
}
