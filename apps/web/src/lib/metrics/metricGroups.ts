import type { SeriesName } from '../api.ts'

/** Series whose names share a prefix, each with its own chart. */
export interface MetricGroup {
  name: string
  series: SeriesName[]
}

const PINNED = 'pinned'
const SCORES = 'scores after training'

/**
 * The series of a job as the grid shows them: pinned ones first, then scores, then by prefix. A
 * name without a prefix belongs to `eval` if it was evaluated, else to `train`. `find` keeps the
 * names that contain each of its words.
 */
export function metricGroups(
  names: readonly SeriesName[],
  { find, pins }: { find: string; pins: readonly string[] },
): MetricGroup[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const found = names.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
  const pinned = pins.flatMap((pin) => found.find(({ name }) => name === pin) ?? [])
  const others = Map.groupBy(
    found.filter(({ name }) => !pins.includes(name)),
    groupOf,
  )
  const rest = [...others]
    .map(([name, series]) => ({ name, series: series.toSorted(byName) }))
    .sort((a, b) => Number(b.name === SCORES) - Number(a.name === SCORES) || byName(a, b))
  return pinned.length > 0 ? [{ name: PINNED, series: pinned }, ...rest] : rest
}

/** The group of a series: the part of its name before the first slash. */
function groupOf({ name, kind, scored }: SeriesName): string {
  if (scored) return SCORES
  const slash = name.indexOf('/')
  if (slash > 0) return name.slice(0, slash)
  return kind === 'evaluation' ? 'eval' : 'train'
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true })
}
