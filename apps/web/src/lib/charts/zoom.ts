import { windowOf, type Domain } from './domain.ts'

/**
 * Makes a window narrower (`factor` < 1) or wider around a position, inside the whole; null if it
 * shows the whole.
 */
export function zoomed(
  [from, to]: Domain,
  [first, last]: Domain,
  position: number,
  factor: number,
): Domain | null {
  const low = Math.max(first, position - (position - from) * factor)
  const high = Math.min(last, position + (to - position) * factor)
  return low <= first && high >= last ? null : windowOf(low, high)
}
