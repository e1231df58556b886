import type { NamedSeries } from '../api.ts'
import type { GrowingSeries } from '../watch/growingSeries.ts'

export type SeriesByName = ReadonlyMap<string, NamedSeries>

export const NO_SERIES: SeriesByName = new Map()

/**
 * The series with some added or replaced. If there are more than `most`, the oldest ones for which
 * `isNeeded` is false are removed.
 */
export function withSeries(
  before: SeriesByName,
  added: readonly NamedSeries[],
  most = Infinity,
  isNeeded: (name: string) => boolean = () => true,
): SeriesByName {
  const after = new Map(before)
  for (const one of added) after.set(one.name, one)
  for (const name of before.keys()) {
    if (after.size <= most) break
    if (!isNeeded(name)) after.delete(name)
  }
  return after
}

/** The charts in view and the series that are followed for them. It is not reactive state. */
export class Followed {
  /** How many charts show a series: the one in the grid, and one that fills the screen. */
  readonly visible = new Map<string, number>()
  readonly growing = new Map<string, GrowingSeries>()

  see(name: string): void {
    this.visible.set(name, (this.visible.get(name) ?? 0) + 1)
  }

  leave(name: string): void {
    const left = (this.visible.get(name) ?? 0) - 1
    if (left > 0) this.visible.set(name, left)
    else this.visible.delete(name)
  }
}
