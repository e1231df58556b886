import type { EventOf } from '@bestmark/core'
import { storableName } from '../values/storable.ts'

/** Points of some events: a step and a time per event, and a value per event and series. */
export interface TailRow {
  names: string[]
  steps: number[]
  times: number[]
  /** Event by event, in the order of `names`; null where an event has no value of a series. */
  values: (number | null)[]
  /** The most points that one series has. */
  longest: number
}

/** An event with the values that are stored; a series has at most one of them. */
interface Entry {
  step: number
  time: number
  values: ReadonlyMap<string, number>
}

/**
 * The events of one attempt as few rows. A row has at most about as many gaps as points, because
 * events that log different series would make it long.
 */
export function tailRows(events: readonly EventOf<'metrics'>[]): TailRow[] {
  const rows: Entry[][] = []
  let [row, names, points] = [[] as Entry[], new Set<string>(), 0]
  for (const entry of events.flatMap(entriesOf)) {
    const together = new Set([...names, ...entry.values.keys()])
    const places = together.size * (row.length + 1)
    if (row.length === 0 || places > 2 * (points + entry.values.size)) {
      ;[row, names, points] = [[], new Set<string>(), 0]
      rows.push(row)
    }
    row.push(entry)
    for (const name of entry.values.keys()) names.add(name)
    points += entry.values.size
  }
  return rows.map(rowOf)
}

/** Different logged names may be stored as one name; then the event becomes several. */
function entriesOf({ step, at, values }: EventOf<'metrics'>): Entry[] {
  const entries: Map<string, number>[] = []
  for (const [logged, value] of Object.entries(values)) {
    if (value === null) continue
    const name = storableName(logged)
    const free = entries.find((entry) => !entry.has(name))
    if (free) free.set(name, value)
    else entries.push(new Map([[name, value]]))
  }
  return entries.map((values) => ({ step, time: at ?? NaN, values }))
}

function rowOf(entries: readonly Entry[]): TailRow {
  const names = [...new Set(entries.flatMap(({ values }) => [...values.keys()]))]
  const counts = names.map((name) => entries.filter(({ values }) => values.has(name)).length)
  return {
    names,
    steps: entries.map(({ step }) => step),
    times: entries.map(({ time }) => time),
    values: entries.flatMap(({ values }) => names.map((name) => values.get(name) ?? null)),
    longest: Math.max(...counts),
  }
}
