import { thin } from '@bestmark/core'
import type { NamedSeries, SeriesDelta } from '../api.ts'

/** More points than this are thinned where they stand; a chart shows no more. */
const MOST = 8_000

/**
 * A series that goes on: points are appended in amortised constant time, and `view` shows what is
 * there without a copy. It may begin thinned, since the past is never looked up by its ordinal.
 */
export class GrowingSeries {
  readonly name: string
  kind: NamedSeries['kind']
  /** How many points there are, thinned or not. */
  #count: number
  next_ordinal: number
  #earlier: NamedSeries['earlier']
  #steps: Float64Array
  #values: Float64Array
  #times: Float64Array
  #length: number

  constructor({ name, kind, count, next_ordinal, earlier, ...points }: NamedSeries) {
    this.name = name
    this.kind = kind
    this.#count = count
    this.next_ordinal = next_ordinal
    this.#earlier = earlier
    this.#steps = points.steps
    this.#values = points.values
    this.#times = points.times
    this.#length = points.steps.length
  }

  /** Takes in what a subscription brought; points that are already here are skipped. */
  append(delta: SeriesDelta): void {
    // What a series is was not known before its first point.
    this.kind = delta.kind
    if (delta.rewound_to !== null) this.#rewind(delta.rewound_to, delta.from_ordinal)
    const known = Math.max(0, this.next_ordinal - delta.from_ordinal)
    const fresh = delta.steps.length - known
    if (fresh <= 0) {
      this.next_ordinal = Math.max(this.next_ordinal, delta.next_ordinal)
      return
    }
    this.#makeRoom(fresh)
    this.#steps.set(delta.steps.subarray(known), this.#length)
    this.#values.set(delta.values.subarray(known), this.#length)
    this.#times.set(delta.times.subarray(known), this.#length)
    this.#length += fresh
    this.#count += fresh
    this.next_ordinal = delta.next_ordinal
  }

  get view(): NamedSeries {
    const column = (values: Float64Array) => values.subarray(0, this.#length)
    return {
      name: this.name,
      kind: this.kind,
      count: this.#count,
      next_ordinal: this.next_ordinal,
      earlier: this.#earlier,
      steps: column(this.#steps),
      values: column(this.#values),
      times: column(this.#times),
    }
  }

  /** A later attempt began again after `step`: what was logged beyond it is replaced. */
  #rewind(step: number, from_ordinal: number): void {
    const beyond = this.#steps.subarray(0, this.#length).findIndex((one) => one > step)
    if (beyond !== -1) {
      // A history that is told anew begins at 0, and replaces the earlier attempts too.
      if (from_ordinal === 0) this.#earlier = []
      else this.#setAside(beyond)
      // Where it was thinned, only nothing can be counted exactly.
      this.#count = beyond === 0 ? 0 : this.#count - (this.#length - beyond)
      this.#length = beyond
    }
    this.next_ordinal = Math.min(this.next_ordinal, from_ordinal)
  }

  /** Keeps what is about to be replaced as an earlier attempt. */
  #setAside(beyond: number): void {
    const part = (values: Float64Array) => values.slice(beyond, this.#length)
    const [steps, values, times] = [this.#steps, this.#values, this.#times].map(part)
    if (!steps || !values || !times) return
    const attempt = 1 + Math.max(-1, ...this.#earlier.map((one) => one.attempt))
    this.#earlier = [...this.#earlier, { attempt, steps, values, times }]
  }

  #makeRoom(fresh: number): void {
    if (this.#length + fresh > MOST) this.#thin()
    const needed = this.#length + fresh
    if (needed <= this.#steps.length) return
    const grown = (values: Float64Array) => {
      const larger = new Float64Array(Math.max(256, needed, 2 * this.#length))
      larger.set(values.subarray(0, this.#length))
      return larger
    }
    this.#steps = grown(this.#steps)
    this.#values = grown(this.#values)
    this.#times = grown(this.#times)
  }

  #thin(): void {
    const { steps, values, times } = thin(this.view, MOST / 4)
    this.#steps = steps
    this.#values = values
    this.#times = times
    this.#length = steps.length
  }
}
