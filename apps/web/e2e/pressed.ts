import type { Page, Request, Response } from 'playwright-core'

/** The button that changes the colours; it stays as it is. */
const COLOURS = 'dark colours'

/** What pressing the controls of pages led to. */
export interface Pressed {
  /** The controls, by section, dialog and name. Those of one name are pressed once. */
  names: Set<string>
  /** The calls that were refused because of the caller's role. */
  refused: Set<string>
  /** The addresses of the board that the pages link to. */
  links: Set<string>
}

/** Presses each control of pages, and of the dialogs that they open, in a dark browser. */
export async function pressAll(page: Page, paths: readonly string[]): Promise<Pressed> {
  const pressed: Pressed = { names: new Set(), refused: new Set(), links: new Set() }
  using calls = new OpenCalls(page, pressed.refused)
  for (const path of paths) {
    await open(page, path)
    await calls.settled()
    for (const link of await linksOf(page)) pressed.links.add(link)
    const section = path.split(/[/?]/)[1] ?? ''
    for (;;) {
      const name = await pressNext(page, section, [...pressed.names])
      if (name === undefined && !(await closeDialog(page))) break
      if (name !== undefined) pressed.names.add(name)
      await calls.settled()
      // A control may have opened another page.
      if (page.url() !== new URL(path, page.url()).href) await open(page, path)
    }
  }
  return pressed
}

/** Opens a page and waits until its script handles the controls; a report has no script. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  // In a dark browser this button is pressed once its script has begun.
  await page.waitForFunction((name) => {
    const button = document.querySelector(`[aria-label="${name}"]`)
    return button === null || button.ariaPressed === 'true'
  }, COLOURS)
}

/** Requests of a page that have no answer yet. */
class OpenCalls implements Disposable {
  readonly #page: Page
  readonly #refused: Set<string>
  readonly #open = new Set<Request>()
  #reads: Promise<void>[] = []

  constructor(page: Page, refused: Set<string>) {
    this.#page = page
    this.#refused = refused
    page.on('request', this.#begun).on('response', this.#answered)
    page.on('requestfinished', this.#done).on('requestfailed', this.#done)
  }

  /** Waits until nothing is asked or loaded any more, and what was answered is shown. */
  async settled(): Promise<void> {
    // What was shown last may ask in the frame after it.
    for (let quiet = 0; quiet < 3; quiet++) {
      const isLoading = await this.#page.evaluate(async () => {
        await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)))
        return /^Loading the .+\.$/m.test(document.body.innerText)
      })
      await Promise.all(this.#reads.splice(0))
      if (isLoading || this.#open.size > 0) quiet = -1
    }
  }

  [Symbol.dispose](): void {
    this.#page.off('request', this.#begun).off('response', this.#answered)
    this.#page.off('requestfinished', this.#done).off('requestfailed', this.#done)
  }

  readonly #begun = (request: Request): void => {
    // A live stream never ends.
    if (request.resourceType() !== 'eventsource') this.#open.add(request)
  }

  readonly #done = (request: Request): void => {
    this.#open.delete(request)
  }

  readonly #answered = (response: Response): void => {
    const { pathname } = new URL(response.url())
    if (!pathname.startsWith('/trpc/') || ![207, 403].includes(response.status())) return
    this.#reads.push(this.#read(response))
  }

  async #read(response: Response): Promise<void> {
    const text = await response.text()
    for (const [, call = ''] of text.matchAll(/([\w.]+) needs the role/g)) this.#refused.add(call)
  }
}

function linksOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll<HTMLAnchorElement>('a[href]')]
    const own = links.filter((link) => link.origin === location.origin)
    return own.map((link) => link.pathname + link.search)
  })
}

/**
 * Presses the first control that was not pressed; returns its name. An open dialog hides all others.
 * Before that it writes into the fields of the forms, so that they can be sent.
 */
function pressNext(page: Page, section: string, names: string[]): Promise<string | undefined> {
  const given = { section, names, colours: COLOURS }
  return page.evaluate(({ section, names, colours }) => {
    const dialog = document.querySelector('dialog[open]')
    const scope = dialog ?? document
    let written = 0
    for (const field of scope.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
      'form:not([role=search]) :is(input:not([type=radio], [type=checkbox], [type=number]), textarea)',
    )) {
      const isGiven = field.readOnly || field.disabled || field.dataset['written'] !== undefined
      if (isGiven || !field.checkVisibility()) continue
      field.value = field.type === 'email' ? 'a@lab.org' : `${field.value}0`
      field.dataset['written'] = ''
      field.dispatchEvent(new Event('input', { bubbles: true }))
      written++
    }
    const title = dialog?.querySelector('h2')?.innerText ?? ''
    // What was written may enable a control.
    if (written > 0) return `${section} ${title}: written ${names.length}`
    const controls = 'button:enabled, summary, [role=tab], input[type=checkbox]:enabled'
    for (const control of scope.querySelectorAll<HTMLElement>(controls)) {
      const label = control.ariaLabel ?? control.closest('label')?.innerText ?? control.innerText
      const name = `${section} ${title}: ${label.trim()}`
      const isLeft = !names.includes(name) && label !== colours && control.checkVisibility()
      // These close the dialog before its other controls were pressed.
      if (!isLeft || (dialog && /^(Cancel|Close|Let it run)$/.test(label.trim()))) continue
      control.click()
      return name
    }
    return undefined
  }, given)
}

function closeDialog(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const dialog = document.querySelector<HTMLDialogElement>('dialog[open]')
    dialog?.close()
    return dialog !== null
  })
}
