import { directionOf, ownValue } from '@bestmark/core'
import { isHeldOut, isMeasure, nameWithSplit } from '../events/names.ts'
import type { Candidate } from './candidate.ts'
import type { FoundWeights } from './finder.ts'

/**
 * Weights with the metrics in their names as their metrics: `model_acc0.931.pt`. A metric counts if it
 * differs between names and its direction is known.
 */
export function withNamedValues(candidates: readonly Candidate[]): Candidate[] {
  const named = candidates.map((one) => namedValues(one))
  const varied = new Set(
    named
      .flatMap((values) => Object.keys(values))
      .filter((name) => {
        return new Set(named.flatMap((values) => ownValue(values, name) ?? [])).size > 1
      }),
  )
  return candidates.map((one, index) => {
    const values = Object.entries(named[index] ?? {}).filter(([name]) => varied.has(name))
    if (values.length === 0) return one
    return { ...one, facts: { ...one.facts, values: Object.fromEntries(values), isNamed: true } }
  })
}

function namedValues({ found }: Candidate): Record<string, number> {
  const values = found.hints.values.flatMap(({ name, value }) => {
    const isUsed = name !== null && isMeasure(name) && !/train/i.test(name)
    return isUsed && directionOf(name) !== undefined
      ? [[nameWithSplit(name, 'eval'), value] as const]
      : []
  })
  return Object.fromEntries(values)
}

/** Values in a name whose metric says that it is of held-out data (`val_loss=0.49`), by metric. */
export function heldOutInName({ hints }: FoundWeights): [metric: string, value: number][] {
  return hints.values.flatMap(({ name, value }): [string, number][] => {
    return name !== null && isHeldOut(name) ? [[name, value]] : []
  })
}
