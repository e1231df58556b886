import type { Measured } from '../measured.ts'

/** Training losses by attempt, in order of step. */
export class LossLog {
  readonly #attempts = new Map<number, { step: number; loss: Measured }[]>()
  #sorted = true

  add({ attempt, step }: { attempt: number; step: number }, loss: Measured): void {
    const logged = this.#attempts.get(attempt) ?? []
    this.#attempts.set(attempt, logged)
    if (step < (logged.at(-1)?.step ?? 0)) this.#sorted = false
    logged.push({ step, loss })
  }

  /** O(log n). */
  before({ attempt, step }: { attempt: number; step: number }): Measured {
    if (!this.#sorted)
      for (const log of this.#attempts.values()) log.sort((a, b) => a.step - b.step)
    this.#sorted = true
    const log = this.#attempts.get(attempt) ?? []
    let [low, high] = [0, log.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((log[middle]?.step ?? Infinity) <= step) low = middle + 1
      else high = middle
    }
    return log[low - 1]?.loss ?? null
  }
}
