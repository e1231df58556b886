import { isFiniteMeasure } from '../measured.ts'
import { checkpointKey } from '../run/keys.ts'
import { signed } from '../metric/figure.ts'
import type { TableRow } from './explanation.ts'
import type { Skipped, Ranked, Selection } from '../selection/selection.ts'

/** Every checkpoint: the ranked ones first, best first, then the skipped ones. */
export function explanationTable(selection: Selection): TableRow[] {
  const ties = selection.near_ties?.candidates ?? []
  const tied = new Set(ties.length > 1 ? ties.map(checkpointKey) : [])
  return [
    ...selection.ranking.map((one, index) => rankedRow(selection, one, index, tied)),
    ...selection.skipped.map(skippedRow),
  ]
}

function rankedRow(
  { best, prefer }: Selection,
  one: Ranked,
  index: number,
  tied: ReadonlySet<string>,
): TableRow {
  const { checkpoint_id, attempt, step, path, value, origin } = one
  const difference = best ? value - best.value : null
  const is_best = index === 0
  return {
    ...{ checkpoint_id, attempt, step, path, rank: index + 1, value, difference, is_best },
    is_tied: tied.has(checkpointKey(one)),
    why: is_best ? 'best' : rankWords(index, difference ?? NaN, prefer ?? 'first'),
    origin,
  }
}

function skippedRow({ checkpoint_id, attempt, step, path, text }: Skipped): TableRow {
  return {
    ...{ checkpoint_id, attempt, step, path, rank: null, value: null, difference: null },
    ...{ is_best: false, is_tied: false, why: text, origin: null },
  }
}

const RANK_NAMES = ['best', 'second', 'third', 'fourth', 'fifth']

function rankWords(index: number, difference: number, taken: string): string {
  return `${RANK_NAMES[index] ?? `rank ${index + 1}`}: ${distance(difference, taken)}`
}

/** How far a value is from the best's. */
function distance(difference: number, taken: string): string {
  if (!isFiniteMeasure(difference)) return 'not compared'
  if (difference === 0) return `same value, but the ${taken} one wins`
  return signed(difference)
}
