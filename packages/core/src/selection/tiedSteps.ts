import { grouped, listedWords } from '../metric/figure.ts'
import type { Candidates } from './candidates.ts'

/** As many steps as a sentence lists. */
const MOST = 4

/** Collects candidates in order of step, and keeps only what a sentence needs. */
export class TiedSteps {
  count = 0
  /** The rows of the first and the last. */
  first = -1
  last = -1
  /** How many different steps there are, the first ones of them, and the last. */
  #different = 0
  readonly #listed: number[] = []
  #step = NaN
  /** The number of the first and the last among all candidates. */
  #firstNumber = 0
  #lastNumber = 0
  readonly #candidates: Candidates

  constructor(candidates: Candidates) {
    this.#candidates = candidates
  }

  /** Adds the candidate of a row, which has this number among all candidates. */
  add(index: number, number: number, step: number): void {
    if (this.count === 0) {
      this.first = index
      this.#firstNumber = number
    }
    this.count++
    this.last = index
    this.#lastNumber = number
    if (step === this.#step) return
    this.#step = step
    this.#different++
    if (this.#different <= MOST) this.#listed.push(step)
  }

  /**
   * "Step 400", "Steps 400 and 500", "2 checkpoints of step 400"; a range if it includes every
   * candidate between its ends.
   */
  words(): string {
    const { count } = this
    const [first = NaN] = this.#listed
    if (count === 1) return `Step ${grouped(first)}`
    if (this.#different === 1) return `${count} checkpoints of step ${grouped(first)}`
    if (this.#different > 2 && this.#between() === count)
      return `Steps ${grouped(first)}–${grouped(this.#step)}`
    if (this.#different <= MOST) return `Steps ${listedWords(this.#listed.map(grouped))}`
    return `${this.#different} steps between ${grouped(first)} and ${grouped(this.#step)}`
  }

  /** How many candidates there are from the first step to the last, including both. */
  #between(): number {
    const beside = this.#sameStep(this.first, -1) + this.#sameStep(this.last, 1)
    return this.#lastNumber - this.#firstNumber + 1 + beside
  }

  /** How many candidates beside a row have its step, on one side. */
  #sameStep(index: number, by: 1 | -1): number {
    const rows = this.#candidates
    const { step } = rows.keyAt(index)
    let count = 0
    for (let at = index + by; at >= 0 && at < rows.length; at += by) {
      if (Number.isNaN(rows.valueAt(at))) continue
      if (rows.keyAt(at).step !== step) break
      count++
    }
    return count
  }
}
