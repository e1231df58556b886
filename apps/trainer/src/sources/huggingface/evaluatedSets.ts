import { type Measured, ownValue, setOwn } from '@bestmark/core'
import { isCount } from '../../files/json.ts'

/** What was measured together: of one evaluation set, or of several of one size. */
export interface EvaluatedSet {
  values: Record<string, Measured>
  /** How many samples it was measured on; null where that is not told. */
  samples: number | null
}

const RUNTIME = /^((?:eval|predict|test)_(?:.+_)?)runtime$/

/**
 * A row's values by the number of samples that they were measured on. The Trainer names what it
 * measured on a set `eval_<set>_…`, and runtime × samples per second of the same set is exactly
 * its size. One evaluation where only one number is known, or all are the same.
 */
export function evaluatedSets(values: Record<string, Measured>): EvaluatedSet[] {
  const sizes = sizesOf(values)
  const prefixes = [...sizes.keys()]
  const sets = new Map<number | null, Record<string, Measured>>()
  for (const [name, value] of Object.entries(values)) {
    const prefix = prefixes.find((one) => name.startsWith(one))
    const samples = prefix === undefined ? null : (sizes.get(prefix) ?? null)
    const setValues = sets.get(samples) ?? {}
    setOwn(setValues, name, value)
    sets.set(samples, setValues)
  }
  return [...sets].map(([samples, setValues]) => ({ values: setValues, samples }))
}

/** The size of each set by the prefix of its names, the longest first; null where it is not told. */
function sizesOf(values: Record<string, Measured>): Map<string, number | null> {
  const found = Object.keys(values).flatMap((name): [string, number | null][] => {
    const prefix = RUNTIME.exec(name)?.[1]
    if (prefix === undefined) return []
    const rate = values[`${prefix}samples_per_second`] ?? NaN
    const samples = Math.round((ownValue(values, name) ?? NaN) * rate)
    return [[prefix, isCount(samples) ? samples : null]]
  })
  return new Map(found.sort(([a], [b]) => b.length - a.length))
}
