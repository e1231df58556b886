import { type Measured, ownValue, setOwn } from '@bestmark/core'
import { isCount } from '../../files/json.ts'

/** Metrics of one evaluation set, or of several sets of the same size. */
export interface EvaluatedSet {
  values: Record<string, Measured>
  /** The number of samples; null if unknown. */
  samples: number | null
}

const RUNTIME = /^((?:eval|predict|test)_(?:.+_)?)runtime$/

/**
 * Splits a row's values by the number of samples. The Trainer names the metrics of a set
 * `eval_<set>_…`, and runtime × samples per second of a set is its size. Sets of the same size stay
 * together.
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

/** The size of each set by its name prefix, the longest first; null if unknown. */
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
