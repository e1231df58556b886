/** What the Tab key reaches. */
const CONTROLS = 'a[href], button, input, select, textarea, summary, [tabindex]'

/**
 * Keeps the focus of a reader with a keyboard until the returned function is called. A moved
 * control gets it back. For a removed one, as of a row that somebody deletes, the nearest control
 * before it gets it. Otherwise Tab would begin again at the top of the page.
 */
export function keepFocus(page: Document): () => void {
  let focused: Element | null = null
  let neighbours: HTMLElement[] = []

  const enter = ({ target }: FocusEvent): void => {
    // Where a mouse put the focus, an input that gets it would open the keyboard of a phone.
    focused = target instanceof Element && target.matches(':focus-visible') ? target : null
    neighbours = focused ? neighboursOf(focused, page) : []
  }
  const look = (changes: MutationRecord[]): void => {
    if (!focused || page.activeElement !== page.body) return
    if (focused.isConnected && !isMoved(focused, changes)) return
    const candidates = focused instanceof HTMLElement ? [focused, ...neighbours] : neighbours
    focused = null
    for (const one of candidates) {
      if (canFocus(one)) one.focus({ preventScroll: true })
      if (page.activeElement === one) return
    }
  }
  const observer = new MutationObserver(look)
  /** Chrome says so before it removes an element, so who took the focus is clear only after. */
  const leave = ({ target }: FocusEvent): void => {
    queueMicrotask(() => {
      look(observer.takeRecords())
      if (focused === target && focused?.isConnected && !focused.matches(':disabled')) {
        focused = null
      }
    })
  }
  observer.observe(page.body, { childList: true, subtree: true })
  page.addEventListener('focusin', enter)
  page.addEventListener('focusout', leave)
  return () => {
    observer.disconnect()
    page.removeEventListener('focusin', enter)
    page.removeEventListener('focusout', leave)
  }
}

/** Whether an element that is on the page was taken out of it and put back. */
function isMoved(element: Element, changes: MutationRecord[]): boolean {
  return changes.some(({ removedNodes }) => [...removedNodes].some((one) => one.contains(element)))
}

/** The controls before an element, nearest first, and then those after it. */
function neighboursOf(element: Element, page: Document): HTMLElement[] {
  const controls = [...page.querySelectorAll<HTMLElement>(CONTROLS)]
  const isBefore = (one: Element): boolean =>
    (element.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING) !== 0
  const { true: before = [], false: after = [] } = Object.groupBy(controls, (one) =>
    isBefore(one) ? 'true' : 'false',
  )
  return [...before.reverse(), ...after.filter((one) => one !== element)]
}

function canFocus(control: HTMLElement): boolean {
  const isShown = control.isConnected && control.checkVisibility({ visibilityProperty: true })
  return isShown && control.tabIndex >= 0 && !control.matches(':disabled')
}
