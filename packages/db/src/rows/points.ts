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

  /** All series, in the order of their first points. */
  get all(): Points[] {
    return [...this.#series.values()]
  }

  /** The most points that one series has. */
  get longest(): number {
    return this.all.reduce((most, { steps }) => Math.max(most, steps.length), 0)
  }

  add(attempt: number, name: string, [step, value, time]: readonly [number, number, number]): void {
    const key = seriesKey({ attempt, name })
    const points = this.#series.get(key) ?? { attempt, name, steps: [], values: [], times: [] }
    this.#series.set(key, points)
    points.steps.push(step)
    points.values.push(value)
    points.times.push(time)
  }

  addEvents(events: readonly EventOf<'metrics'>[]): void {
    for (const { attempt, step, at, values } of events) {
      for (const [logged, value] of Object.entries(values)) {
        if (value !== null) this.add(attempt, storableName(logged), [step, value, at ?? NaN])
      }
    }
  }
}
