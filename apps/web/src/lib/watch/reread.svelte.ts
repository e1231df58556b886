import { backoff } from './backoff.ts'

/**
 * Reads something from the board again whenever it is asked to: never twice at a time, and once
 * more if it was asked meanwhile. A failed reading is shown as `problem`, and tried again.
 */
export class Reread {
  /** Why the last reading failed; empty after one that succeeded. */
  problem = $state('')
  #read: () => Promise<void>
  #isReading = false
  #isAskedAgain = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  /** `read` throws where the board does not answer. */
  constructor(read: () => Promise<void>) {
    this.#read = read
  }

  ask = (): void => {
    clearTimeout(this.#retry)
    this.#isAskedAgain = true
    if (!this.#isReading) this.#readAll().catch((error) => reportError(error))
  }

  /** Forgets a retry that waits. */
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
