import { pause } from '../pause.ts'

/** Wakes a loop that waits for work. A ring while it works is kept for its next wait. */
export class Bell {
  #isRung = false
  #wake: () => void = () => undefined

  readonly ring = (): void => {
    this.#isRung = true
    this.#wake()
  }

  /** Waits until it is rung, or for some time (ms), or until the signal aborts; returns whether it was rung. */
  async wait(longest: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#isRung) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await pause(longest, AbortSignal.any([signal, woken.signal]))
    }
    const isRung = this.#isRung
    this.#isRung = false
    return isRung
  }
}
