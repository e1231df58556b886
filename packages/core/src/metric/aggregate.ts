import type { Direction } from '../run/event.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import { directionOf } from './directionOf.ts'
import { measureOf } from './evaluations.ts'
import type { Evaluation } from '../run/rows.ts'
import { ownValue } from '../named.ts'

const AGGREGATE = /^(mean|worst)\((.+)\)$/
/**
 * A comma inside parentheses belongs to a name (`mAP50(B, small)`). So does a comma without a space
 * if other commas have one (`gsm8k/exact_match,strict-match, mmlu/acc`).
 */
const BETWEEN_PARTS = [/,\s+(?![^(]*\))/, /,(?![^(]*\))/] as const

/** The metrics in `mean(a, b)` or `worst(a, b)`; undefined for a plain metric. */
export function partsOf(metric: string): string[] | undefined {
  const inside = AGGREGATE.exec(metric.trim())?.[2]
  if (inside === undefined) return undefined
  const [spaced, bare] = BETWEEN_PARTS
  const parts = inside.split(spaced.test(inside) ? spaced : bare).map((part) => part.trim())
  return parts.some(Boolean) ? parts.filter(Boolean) : undefined
}

/** The direction of all parts; undefined if they differ. */
export function aggregateDirection(
  parts: readonly string[],
  stated: Readonly<Record<string, Direction>> = {},
): Direction | undefined {
  const [first, ...others] = new Set(
    parts.map((part) => ownValue(stated, part) ?? directionOf(part)),
  )
  return others.length === 0 ? first : undefined
}

/**
 * The evaluations with the value of the chosen aggregate. It is missing if a part is missing, and
 * NaN if a part is not finite.
 */
export function withAggregate(
  evaluations: readonly Evaluation[],
  metric: string,
  direction: Direction,
): readonly Evaluation[] {
  const parts = partsOf(metric)
  if (!parts) return evaluations
  const isWorst = metric.trim().startsWith('worst')
  return evaluations.map((evaluation) => {
    const found = parts.map((part) => partOf(evaluation, part))
    const value = found.includes(undefined) ? undefined : combine(found, isWorst, direction)
    return value === undefined
      ? evaluation
      : { ...evaluation, values: { ...evaluation.values, [metric]: value } }
  })
}

function partOf(evaluation: Evaluation, part: string): Measured | undefined {
  const value = measureOf(evaluation, part)
  return value === undefined ? measureOf(evaluation, `eval_${part}`) : value
}

function combine(
  parts: readonly (Measured | undefined)[],
  isWorst: boolean,
  direction: Direction,
): number {
  const values = parts.filter(isFiniteMeasure)
  if (values.length < parts.length) return NaN
  if (isWorst) return direction === 'min' ? Math.max(...values) : Math.min(...values)
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
