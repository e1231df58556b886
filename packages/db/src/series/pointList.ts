import type { Series } from '@bestmark/core'

/** Points in order, at most as many as its capacity. */
export class PointList {
  readonly #steps: Float64Array
  readonly #values: Float64Array
  readonly #times: Float64Array
  #length = 0

  constructor(capacity: number) {
    this.#steps = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
    this.#times = new Float64Array(capacity)
  }

  add(step: number, value: number, time: number): void {
    this.#steps[this.#length] = step
    this.#values[this.#length] = value
    this.#times[this.#length] = time
    this.#length++
  }

  append({ steps, values, times }: Series): void {
    this.#steps.set(steps, this.#length)
    this.#values.set(values, this.#length)
    this.#times.set(times, this.#length)
    this.#length += steps.length
  }

  get series(): Series {
    const column = (numbers: Float64Array) => numbers.subarray(0, this.#length)
    return {
      steps: column(this.#steps),
      values: column(this.#values),
      times: column(this.#times),
    }
  }
}
