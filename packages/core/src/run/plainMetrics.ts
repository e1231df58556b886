import { isRecord, PROTO } from '../named.ts'
import { type EventOf, LARGEST_INTEGER, LAST_TIME } from './event.ts'

/**
 * A `metrics` event whose fields all fit as they are; undefined if only the schema can decide. The
 * answer equals the schema's. It exists because most events of a run are of this kind, and the schema
 * takes longer than parsing their JSON.
 */
export function plainMetrics(input: unknown): EventOf<'metrics'> | undefined {
  if (!isPlain(input) || !('type' in input) || input.type !== 'metrics') return undefined
  // Every field is checked below.
  const { attempt, step, epoch = null, at = null, values } = input as object as Partial<Unchecked>
  if (!isCount(attempt, LARGEST_INTEGER) || !isCount(step, Number.MAX_SAFE_INTEGER))
    return undefined
  if (!isNumberOrNull(epoch, Infinity) || !isNumberOrNull(at, LAST_TIME)) return undefined
  if (!areMeasured(values)) return undefined
  return { type: 'metrics', attempt, step, epoch, at, values }
}

interface Unchecked {
  attempt: unknown
  step: unknown
  epoch?: unknown
  at?: unknown
  values: unknown
}

function isPlain(value: unknown): value is object {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype
}

function isCount(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
}

function isNumberOrNull(value: unknown, most: number): value is number | null {
  return value === null || (Number.isFinite(value) && Math.abs(value as number) <= most)
}

function areMeasured(values: unknown): values is EventOf<'metrics'>['values'] {
  if (!isPlain(values) || Object.hasOwn(values, PROTO)) return false
  for (const value of Object.values(values)) {
    if (value !== null && typeof value !== 'number') return false
  }
  return true
}
