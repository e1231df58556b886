import { visible } from '@bestmark/core'

const FIRST_AFTER = 1_000
/** The time between two messages (ms). A terminal redraws one line; a log gets a new line each time. */
const EVERY = { terminal: 200, log: 10_000 }

/** Shows on stderr how far work is that takes longer than one second. */
export class BusyLine implements Disposable {
  readonly #out: NodeJS.WriteStream
  #next = performance.now() + FIRST_AFTER
  #isShown = false

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
  }

  show(text: string): void {
    const now = performance.now()
    if (now < this.#next) return
    this.#next = now + (this.#out.isTTY ? EVERY.terminal : EVERY.log)
    const line = visible(text)
    if (this.#out.isTTY) this.#out.write(`\r\u001b[K${line.slice(0, this.#out.columns - 1)}`)
    else this.#out.write(`${line}\n`)
    this.#isShown = true
  }

  [Symbol.dispose](): void {
    if (this.#out.isTTY && this.#isShown) this.#out.write('\r\u001b[K')
  }
}
