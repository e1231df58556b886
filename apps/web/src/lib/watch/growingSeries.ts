import { thin } from '@bestmark/core'
import type { NamedSeries, SeriesDelta } from '../api.ts'

/** Beyond this many points a series is thinned; a chart shows fewer. */
const MOST = 8_000

/**
 * A series that grows: points are appended in amortised constant time, and `view` shows them
 * without a copy. It may start thinned, since old points are never looked up by ordinal.
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

  /** Appends the points of a subscription's message; stored points are skipped. */
  append(delta: SeriesDelta): void {
    // Before its first point the kind of a series was unknown.
    this.kind = delta.kind
    if (delta.rewound_to !== null) this.#rewind(delta.rewound_to, delta.from_ordinal)
    const stored = Math.max(0, this.next_ordinal - delta.from_ordinal)
    const fresh = delta.steps.length - stored
    if (fresh <= 0) {
      this.next_ordinal = Math.max(this.next_ordinal, delta.next_ordinal)
      return
    }
    this.#makeRoom(fresh)
    this.#steps.set(delta.steps.subarray(stored), this.#length)
    this.#values.set(delta.values.subarray(stored), this.#length)
    this.#times.set(delta.times.subarray(stored), this.#length)
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

  /** A later attempt resumed after `step`: it replaces the points beyond that step. */
  #rewind(step: number, from_ordinal: number): void {
    const beyond = this.#steps.subarray(0, this.#length).findIndex((one) => one > step)
    if (beyond !== -1) {
      // A history that is recorded again starts at 0, and replaces the earlier attempts too.
      if (from_ordinal === 0) this.#earlier = []
      else this.#setAside(beyond)
      // In a thinned series the count is exact only at 0.
      this.#count = beyond === 0 ? 0 : this.#count - (this.#length - beyond)
      this.#length = beyond
    }
    this.next_ordinal = Math.min(this.next_ordinal, from_ordinal)
  }

  /** Stores the points that will be replaced as an earlier attempt. */
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
