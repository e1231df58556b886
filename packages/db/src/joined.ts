import type { AttemptRow } from './attempts.ts'

/**
 * A run that goes on from an earlier step logs some steps again. Joined, a series has every point
 * of its last attempt, and of each earlier one those up to the step from which later ones went on.
 */
export interface Rewinds {
  /** The step from which an attempt went on; -1 for one that began anew. */
  of(attempt: number): number
  /** The last step that an attempt keeps, beside the attempts that have points of the series. */
  keptUpTo(attempt: number, present: Iterable<number>): number
}

/**
 * The rewinds of a job's attempts. An attempt that never said where it began went on before its
 * first point, which `firstStep` knows.
 */
export function rewindsOf(
  rows: readonly Pick<AttemptRow, 'attempt' | 'resumed_from'>[],
  firstStep: (attempt: number) => number,
): Rewinds {
  const said = new Map(rows.map(({ attempt, resumed_from }) => [attempt, resumed_from ?? -1]))
  const of = (attempt: number): number => said.get(attempt) ?? firstStep(attempt) - 1
  const keptUpTo = (attempt: number, present: Iterable<number>): number => {
    let last = Infinity
    for (const later of present) if (later > attempt) last = Math.min(last, of(later))
    return last
  }
  return { of, keptUpTo }
}

const PLACES = 2 ** 32

/** Where a point stands in its series: its attempt, and its place among that attempt's points. */
export function ordinalOf(attempt: number, place: number): number {
  return attempt * PLACES + place
}

/** The attempt and the place that `ordinalOf` made an ordinal of. */
export function placeOfOrdinal(ordinal: number): { attempt: number; place: number } {
  const attempt = Math.floor(ordinal / PLACES)
  return { attempt, place: ordinal - attempt * PLACES }
}
