import { backoff } from './backoff.ts'

/**
 * Reads something from the board again on request. Two reads never run at once; a request during a
 * read causes one more read. A failed read is shown as `problem`, and tried again.
 */
export class Reread {
  /** Why the last read failed; empty after one that succeeded. */
  problem = $state('')
  #read: () => Promise<void>
  #isReading = false
  #isAskedAgain = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  /** `read` must throw if the board does not answer. */
  constructor(read: () => Promise<void>) {
    this.#read = read
  }

  ask = (): void => {
    clearTimeout(this.#retry)
    this.#isAskedAgain = true
    if (!this.#isReading) this.#readAll().catch((error) => reportError(error))
  }

  /** Cancels the next try. */
  stop(): void {
    clearTimeout(this.#retry)
  }

  async #readAll(): Promise<void> {
    this.#isReading = true
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false
      await this.#readOnce()
    }
    this.#isReading = false
  }

  async #readOnce(): Promise<void> {
    try {
      await this.#read()
      this.#failures = 0
      this.problem = ''
    } catch (error) {
      this.#failures += 1
      this.problem = error instanceof Error ? error.message : String(error)
      clearTimeout(this.#retry)
      this.#retry = setTimeout(this.ask, backoff(this.#failures))
    }
  }
}
