import { windowOf, type Domain } from './domain.ts'

/**
 * A window made narrower (`factor` < 1) or wider around a place, inside the whole; null where it
 * shows the whole.
 */
export function zoomed(
  [from, to]: Domain,
  [first, last]: Domain,
  place: number,
  factor: number,
): Domain | null {
  const low = Math.max(first, place - (place - from) * factor)
  const high = Math.min(last, place + (to - place) * factor)
  return low <= first && high >= last ? null : windowOf(low, high)
}
