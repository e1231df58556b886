import type { Page } from 'playwright-core'

/** What does not fit on a page. */
export interface Misfits {
  /** How far the page scrolls sideways (px). */
  sideways: number
  /** Texts that are cut, and that no title shows whole. */
  cut: string[]
  /** Pairs of texts that are drawn over each other. */
  overlapping: string[]
}

/** What does not fit on a page, as it is now. */
export function misfitsOf(page: Page): Promise<Misfits> {
  return page.evaluate(() => {
    const named = ({ classList, textContent, tagName }: Element) =>
      `${tagName.toLowerCase()}.${classList[0] ?? ''} ${textContent.trim().slice(0, 40)}`
    const clips = (overflow: string) => overflow === 'hidden' || overflow === 'clip'
    const isCut = (element: Element) => {
      const { overflowX, overflowY } = getComputedStyle(element)
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element
      // Letters may reach a little out of their line.
      const isCutDown = clips(overflowY) && scrollHeight > clientHeight + 4
      return isCutDown || (clips(overflowX) && scrollWidth > clientWidth + 1)
    }
    const isShown = (element: Element) =>
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
      // One pixel wide is what is there for screen readers only.
      element.clientWidth !== 1 &&
      !element.closest('svg, [aria-hidden=true], .visually-hidden, select')
    const hasTitle = (element: Element) =>
      element.closest('[title]') !== null || element.querySelector('[title]') !== null
    const shown = [...document.body.querySelectorAll('*')].filter(isShown)

    interface Box {
      left: number
      top: number
      right: number
      bottom: number
    }
    const within = (one: Box, two: Box): Box => ({
      left: Math.max(one.left, two.left),
      top: Math.max(one.top, two.top),
      right: Math.min(one.right, two.right),
      bottom: Math.min(one.bottom, two.bottom),
    })
    const ALL: Box = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity }
    const edges = new Map<Element, Box>()
    /** The box that an element and all around it leave visible of its content. */
    const edgeOf = (of: Element | null): Box => {
      if (!of || of === document.body) return ALL
      const found = edges.get(of)
      if (found) return found
      const around = edgeOf(of.parentElement)
      const { overflowX, clipPath } = getComputedStyle(of)
      const isOpen = overflowX === 'visible' && clipPath === 'none'
      const edge = isOpen ? around : within(around, of.getBoundingClientRect())
      edges.set(of, edge)
      return edge
    }
    const isHidden = (element: Element) => edgeOf(element).right - edgeOf(element).left <= 1
    const boxes = shown.flatMap((of) =>
      [...of.childNodes]
        .filter((node) => node instanceof Text && node.data.trim() !== '')
        .flatMap((node) => {
          const range = document.createRange()
          range.selectNodeContents(node)
          return [...range.getClientRects()].map((rect) => ({ of, box: within(edgeOf(of), rect) }))
        })
        .filter(({ box }) => box.right > box.left && box.bottom > box.top),
    )
    boxes.sort((one, two) => one.box.top - two.box.top)
    const overlapping: string[] = []
    for (const [at, one] of boxes.entries()) {
      for (const two of boxes.slice(at + 1)) {
        // Lines may touch where they are close.
        if (two.box.top > one.box.bottom - 6) break
        const across = Math.min(one.box.right, two.box.right)
        const isBeside = across - Math.max(one.box.left, two.box.left) < 2
        if (!isBeside && one.of !== two.of) overlapping.push(`${named(one.of)} | ${named(two.of)}`)
      }
    }
    return {
      sideways: document.documentElement.scrollWidth - innerWidth,
      cut: shown.filter((one) => isCut(one) && !isHidden(one) && !hasTitle(one)).map(named),
      overlapping,
    }
  })
}
