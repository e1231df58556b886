import type { EventOf } from '@bestmark/core'
import { storableName } from '../values/storable.ts'

/** Points of one series of one attempt, in order of arrival. */
export interface Points {
  attempt: number
  name: string
  steps: number[]
  values: number[]
  /** Milliseconds since the epoch; NaN if the run logged none. */
  times: number[]
}

/** Names a series of an attempt. */
export function seriesKey({ attempt, name }: { attempt: number; name: string }): string {
  return `${attempt} ${name}`
}

/** Gathers points by series. */
export class PointsBySeries {
  readonly #series = new Map<string, Points>()
  /** The same series by attempt and by name as it was logged. */
  readonly #logged = new Map<number, Map<string, Points>>()

  /** All series, in the order of their first points. */
  get all(): Points[] {
    return [...this.#series.values()]
  }

  /** The most points that one series has. */
  get longest(): number {
    return this.all.reduce((most, { steps }) => Math.max(most, steps.length), 0)
  }

  add(attempt: number, name: string, [step, value, time]: readonly [number, number, number]): void {
    addPoint(this.#stored(attempt, name), step, value, time)
  }

  addEvents(events: readonly EventOf<'metrics'>[]): void {
    for (const { attempt, step, at, values } of events) {
      const ofAttempt = this.#logged.get(attempt) ?? new Map<string, Points>()
      this.#logged.set(attempt, ofAttempt)
      // Two lists are less garbage than a pair per value.
      const numbers = Object.values(values)
      Object.keys(values).forEach((logged, index) => {
        const value = numbers[index] ?? null
        if (value === null) return
        const points = ofAttempt.get(logged) ?? this.#stored(attempt, storableName(logged))
        ofAttempt.set(logged, points)
        addPoint(points, step, value, at ?? NaN)
      })
    }
  }

  #stored(attempt: number, name: string): Points {
    const key = seriesKey({ attempt, name })
    const points = this.#series.get(key) ?? { attempt, name, steps: [], values: [], times: [] }
    this.#series.set(key, points)
    return points
  }
}

function addPoint(
  { steps, values, times }: Points,
  step: number,
  value: number,
  time: number,
): void {
  steps.push(step)
  values.push(value)
  times.push(time)
}
